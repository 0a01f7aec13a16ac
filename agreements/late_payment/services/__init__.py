"""What is done about late payment."""
