"""What a deployment needs before it starts: secrets, an own certificate authority, and the file ``.env``."""
