"""Whether the backends of this installation agree, on a model and pictures that come with it.

=============  =======================================================
`embedded`     that model, and pictures with boxes
`cases`        fits to do with them, and what backend ``numpy`` makes of each
`comparison`   what another backend makes of them, and how far off that is
=============  =======================================================
"""
