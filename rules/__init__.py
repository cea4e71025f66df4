"""Evidence to likelihood to risk level. Pure: the engine, its kinds and the risk do no I/O."""
