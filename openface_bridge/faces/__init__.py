"""What the reference finds beyond a single fit: of whole faces, and of faces in sequences."""
