"""What several tests need: processes of ours to start and kill, devices that publish, questions to the database."""
