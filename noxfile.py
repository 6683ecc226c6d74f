"""The project's checks, one session each: ``nox -l`` lists them, ``nox -s NAME`` runs one."""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.sessions = ["lint", "tests"]
nox.options.default_venv_backend = "virtualenv"
nox.options.reuse_venv = "yes"
nox.options.error_on_missing_interpreters = False  # ``pythons`` runs those there are

PROJECT = nox.project.load_toml("pyproject.toml")
EMBEDDED_GATE = [
    *("--thresholds", "fixtures/thresholds.toml"),
    *("--known", "fixtures/known_divergences.toml"),
]
OPENFACE_DATA = Path("..", "shared", "openface")

WITHOUT_BRIDGE = {"OPENFACE_BRIDGE": "OFF"}
UNCOMPILED = {"OPENFACE_BRIDGE": "OFF", "PYCLNF_KERNELS": "OFF"}
COMPILERS = ("c++", "g++", "clang++", "cl")

MYPY_LENIENT = [
    "--allow-untyped-defs",
    "--allow-incomplete-defs",
    "--allow-untyped-calls",
    "--allow-untyped-decorators",
    "--allow-any-generics",
]

LACKS_DISPLAY = """
try:
    import cv2
except ImportError as error:
    if "cannot open shared object file" not in str(error):
        raise
    print(error)
"""
OPENCV_VERSION = """
from importlib.metadata import PackageNotFoundError, version
try:
    print(version("opencv-python"))
except PackageNotFoundError:
    pass  # it has been replaced
"""


def install(session: nox.Session, *requirements: str, bridge: bool = False) -> None:
    """Install; where OpenCV's display libraries are missing, let its headless build stand in.

    The bridge to OpenFace takes minutes to compile; sessions that do not run it go without. Where
    there is a compiler, kernels that do not compile are an error.
    """
    env = {} if bridge else dict(WITHOUT_BRIDGE)
    if any(map(shutil.which, COMPILERS)):
        env.setdefault("PYCLNF_KERNELS", os.environ.get("PYCLNF_KERNELS", "ON"))
    session.install(*requirements, env=env)
    if printed(session, LACKS_DISPLAY):
        use_headless_opencv(session)


def use_headless_opencv(session: nox.Session) -> None:
    """Replace OpenCV by the same version's build without windows, nothing of which is used here."""
    version = printed(session, OPENCV_VERSION)
    if not version:
        return
    session.run("python", "-m", "pip", "uninstall", "--quiet", "--yes", "opencv-python")
    session.install("--force-reinstall", "--no-deps", f"opencv-python-headless=={version}")


def printed(session: nox.Session, code: str) -> str:
    """Return what Python code prints in a session's environment."""
    return str(session.run("python", "-c", code, silent=True, log=False)).strip()


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests with the Python that runs nox; arguments go to pytest."""
    install(session, ".[test]")
    session.run("pytest", *session.posargs)


@nox.session
def live(session: nox.Session) -> None:
    """Compile the bridge to an installed OpenFace and run the tests that need it."""
    session.env["OPENFACE_BRIDGE"] = "ON"
    install(session, ".[test]", bridge=True)
    session.run("pytest", "tests/openface_bridge/live", *session.posargs)


@nox.session
@nox.parametrize("checked", ["address,undefined", "thread"], ids=["address", "thread"])
def sanitizers(session: nox.Session, checked: str) -> None:
    """Compile the kernels with the compiler's sanitizers and run the tests that use them (GCC)."""
    flags = f"-fsanitize={checked} -fno-sanitize-recover=all -fno-omit-frame-pointer -g"
    session.env.update({"PYCLNF_KERNELS": "ON", "CXXFLAGS": flags})
    install(session, ".[test]")
    # Without the C++ library, the sanitizer stops where OpenCV throws an exception.
    preloaded = [
        str(session.run("g++", f"-print-file-name={name}", external=True, silent=True)).strip()
        for name in (f"lib{checked[0]}san.so", "libstdc++.so.6")
    ]
    session.run(
        *("pytest", "tests/pyclnf/kernels", "tests/pyclnf/detection", "tests/pyclnf/validation"),
        "tests/pyclnf/backends/cuda/test_kernels.py",
        *("tests/pyclnf/test_batches.py", "tests/pyclnf/test_hypotheses.py"),
        *("tests/pyclnf/test_golden.py", "tests/pyclnf/test_whole_faces.py", "-k", "not numpy"),
        *session.posargs,
        env={
            "LD_PRELOAD": " ".join(preloaded),
            "PYTHONMALLOC": "malloc",
            "ASAN_OPTIONS": "detect_leaks=0",  # the interpreter frees little when it ends
            "TSAN_OPTIONS": "halt_on_error=1",
        },
    )


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, formatting and types."""
    session.install(".[dev]", env=UNCOMPILED)
    session.run("ruff", "check")
    session.run("ruff", "format", "--check")
    session.run("mypy")
    session.run("mypy", *MYPY_LENIENT, "tests")
    session.run("mypy", *MYPY_LENIENT, "benchmarks")


@nox.session
def parity(session: nox.Session) -> None:
    """Compare with the reference, stage by stage: OpenFace's own data, or what is embedded.

    Every available backend takes part unless ``--backend`` names some, once each.
    What is embedded is also held to its thresholds. Arguments are added, or replace the data if
    they name any. ``--openface PREFIX``, or OPENFACE_ROOT where there is a model of OpenFace's,
    compiles the bridge to the OpenFace installed there, and compares with its fits as they happen.
    """
    prefix, given = split_openface(session)
    root = prefix or os.environ.get("OPENFACE_ROOT", "")
    named = names_data(given)
    data = [] if named else openface_data(recorded=not root)
    live = root != "" and names_model([*data, *given])
    if live:
        with_bridge(session, root)
    elif prefix:
        session.error("--openface needs --model MAIN.txt, --images DIR, and --boxes or --detect")
    install(session, ".[report]", bridge=live)
    session.run(
        *("python", "-m", "openface_bridge", "parity"),
        *("--html", "reports/parity.html", "--json", "reports/parity.json"),
        *("--junit", "reports/parity.xml"),
        *(() if names_backend(given) else ("--backend", "all")),
        *(() if named or data else EMBEDDED_GATE),
        *(live_reference(given) if live else ()),
        *data,
        *given,
    )


@nox.session
def bench(session: nox.Session) -> None:
    """Measure time and memory, stage by stage and beside OpenFace, into ``reports/`` (minutes).

    On OpenFace's own data or on what is embedded. ``--openface PREFIX``, or OPENFACE_ROOT, compiles
    the bridge to the OpenFace installed there; it then takes part. ``--document`` replaces the
    tables of docs/performance.md. Other arguments go to pytest.
    """
    prefix, given = split_openface(session)
    root = prefix or os.environ.get("OPENFACE_ROOT", "")
    if root:
        with_bridge(session, root)
    install(session, ".[bench]", bridge=root != "")
    results = "reports/bench.json"
    asked = [each for each in given if each != "--document"]
    pytest = ("pytest", "benchmarks", "--benchmark-quiet", f"--benchmark-json={results}")
    session.run(*pytest, *asked)
    document = ["--document", "docs/performance.md"] if asked != given else []
    session.run(
        *("python", "-m", "measuring", results, "--figure", "reports/bench.png", *document),
        env={"PYTHONPATH": "benchmarks"},
    )


@nox.session
def soak(session: nox.Session) -> None:
    """Follow a face for long: memory must not grow, nor landmarks drift (--minutes, --fps)."""
    install(session, ".[bench]")
    session.run(
        *("python", "-m", "measuring.soak", *(session.posargs or ("--minutes", "30"))),
        env={"PYTHONPATH": "benchmarks"},
    )


@nox.session
def bundle(session: nox.Session) -> None:
    """Build an application of the command, and run it outside the environment (minutes).

    The environment has more than the application may; arguments go to pytest.
    """
    install(session, ".[test]", "pyinstaller>=6.10")
    use_headless_opencv(session)
    folder = Path(session.create_tmp()).resolve()
    places = (f"--distpath={folder / 'dist'}", f"--workpath={folder / 'build'}")
    session.run("pyinstaller", "--clean", "-y", "--log-level=WARN", *places, "bundle/pyclnf.spec")
    application = folder / "dist" / "pyclnf"
    session.run(
        *("pytest", "tests/bundle", *session.posargs), env={"PYCLNF_APPLICATION": str(application)}
    )
    sizes = [path.stat().st_size for path in application.rglob("*") if not path.is_symlink()]
    session.log(f"{sum(sizes) / 1e6:.0f} MB in {len(sizes)} files: {application}")


@nox.session
def bench_cuda(session: nox.Session) -> None:
    """Measure batches on a GPU (CUDA 12; ``13`` for CUDA 13); ``--count`` needs none.

    Other arguments go to ``python -m measuring.gpu``.
    """
    version = "cuda13" if "13" in session.posargs[:1] else "cuda12"
    given = session.posargs[1:] if session.posargs[:1] in (["12"], ["13"]) else session.posargs
    install(session, f".[bench,{version}]")
    results = () if "--count" in given else ("--json", "reports/bench_cuda.json")
    session.run(
        *("python", "-m", "measuring.gpu", *results, *given),
        env={"PYTHONPATH": "benchmarks"},
    )


@nox.session
def fixtures(session: nox.Session) -> None:
    """Make the embedded model and test pictures anew (minutes); recordings need OpenFace."""
    install(session, ".", "scipy")
    session.run(
        *("python", "-m", "fixtures.generator"),
        *(session.posargs or ("--out", "fixtures/data")),
        # With more threads, sums may be added in another order.
        env={"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},
    )


def names_data(arguments: list[str]) -> bool:
    """Tell whether arguments of ``parity`` say what to compare."""
    named = ("--model", "--traces", "--images", "--reference")
    return any(argument.startswith(named) for argument in arguments)


def names_backend(arguments: list[str]) -> bool:
    """Tell whether arguments of ``parity`` name a backend, or a folder with one's fits."""
    return any(argument.startswith(("--backend", "--run")) for argument in arguments)


def names_model(arguments: list[str]) -> bool:
    """Tell whether arguments of ``parity`` name a model."""
    return any(argument.startswith("--model") for argument in arguments)


def split_openface(session: nox.Session) -> tuple[str | None, list[str]]:
    """Take ``--openface PREFIX`` out of a session's arguments."""
    prog = f"nox -s {session.name} --"
    parser = argparse.ArgumentParser(prog=prog, allow_abbrev=False, add_help=False)
    parser.add_argument("--openface", metavar="PREFIX")
    options, others = parser.parse_known_args(session.posargs)
    return options.openface, others


def with_bridge(session: nox.Session, root: str) -> None:
    """Have the bridge compiled against the OpenFace installed there."""
    session.env.update({"OPENFACE_BRIDGE": "ON", "OPENFACE_ROOT": str(Path(root).resolve())})


def live_reference(given: list[str]) -> list[str]:
    """Ask ``parity`` for OpenFace itself; it detects the faces unless told where they are."""
    told = any(argument.startswith(("--boxes", "--detect")) for argument in given)
    return ["--reference", "live", *([] if told else ["--detect"])]


def openface_data(*, recorded: bool = True) -> list[str]:
    """Name OpenFace's model, pictures and recordings to ``parity``, if they are at hand."""
    named = os.environ.get("PYCLNF_OPENFACE_DATA")
    data = Path(named) if named else OPENFACE_DATA
    if not named and not data.is_dir():
        return []
    return [
        *("--model", str(data / "model" / "main_clnf_general.txt")),
        *(("--traces", str(data / "golden")) if recorded else ()),
        *("--images", str(data / "samples")),
    ]


@nox.session
@nox.parametrize("opencv", ["<5", ">=5"], ids=["4", "5"])
def opencv(session: nox.Session, opencv: str) -> None:
    """Run the tests with each major version of OpenCV."""
    install(session, ".[test]", f"opencv-python{opencv}")
    session.run("pytest", *session.posargs)


@nox.session(python=nox.project.python_versions(PROJECT))
def pythons(session: nox.Session) -> None:
    """Run the tests with every supported Python that is installed here."""
    install(session, ".[test]")
    session.run("pytest", *session.posargs)


@nox.session(python=nox.project.python_versions(PROJECT)[0])
def oldest(session: nox.Session) -> None:
    """Run the tests with the oldest Python and dependencies that pyproject.toml admits."""
    pinned = [each.replace(">=", "==") + ".*" for each in PROJECT["project"]["dependencies"]]
    install(session, ".[test]", *pinned)
    session.run("pytest", *session.posargs)
