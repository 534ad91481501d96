"""The parts of deploy/test-compose."""
