"""What several tests need: processes to start and kill, devices that publish, questions to the database."""
