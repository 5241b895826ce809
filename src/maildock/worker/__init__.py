"""Who does the work: tasks per mailbox, and the schedule that wakes them."""
