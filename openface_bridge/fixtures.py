"""The embedded default: pyclnf's small model and pictures of faces, and what OpenFace made of them.

What OpenFace made lies in the repository's ``fixtures/`` folder, and is no part of an installed
package.
"""

from __future__ import annotations

from pathlib import Path

from pyclnf.selfcheck import embedded as installed
from pyclnf.selfcheck.embedded import CHECKSUMS, Face, FixtureError

__all__ = ["CHECKSUMS", "Embedded", "Face", "FixtureError", "embedded"]

_IN_A_PACKAGE = {"faces.json", "model", "pictures"}
"""What an installed package has of the data."""


class Embedded(installed.Embedded):
    """Where the fixtures' parts are; made by :func:`embedded`, which has verified them."""

    @property
    def recordings(self) -> Path:
        """The folder of recorded fits; absent until some have been recorded."""
        return self.folder / "data" / "recordings"

    @property
    def whole_model(self) -> Path:
        """The manifest of the model with parts and validator."""
        return self.folder / "data" / "whole" / "main_clnf_general.txt"

    @property
    def face_detector(self) -> Path:
        """The file that names the networks of the face detector."""
        return self.folder / "data" / "whole" / "mtcnn_detector" / "MTCNN_detector.txt"

    @property
    def face_records(self) -> Path:
        """The folder of records of whole faces and sequences; absent until some are recorded."""
        return self.folder / "data" / "whole" / "records"


def embedded(folder: Path | None = None) -> Embedded:
    """Verify the fixtures, recordings and all, and say where they are.

    Parameters
    ----------
    folder : Path, optional
        A ``fixtures`` folder, instead of the one that
        :func:`pyclnf.selfcheck.embedded.embedded_folder` finds.

    Raises
    ------
    FixtureError
        If there are none, as in an installed package, or a file is missing, changed or not listed.
    """
    found = installed.embedded_folder() if folder is None else folder
    if {path.name for path in (found / "data").glob("*")} == _IN_A_PACKAGE:
        raise FixtureError(
            f"{found}: has no fits of OpenFace's. They come with a clone of the repository, not "
            f"with a package: run in a clone"
        )
    installed.verify(found)
    return Embedded(found)
