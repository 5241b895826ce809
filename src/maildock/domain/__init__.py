"""What mail, tickets and failures are: pure, no input or output."""
