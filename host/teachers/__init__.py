"""Teachers of the user's own: networks from ONNX files, from PyTorch, or from any function; and their training."""
