"""Many headless runs on one machine: tasks, the scheduler, what is kept of them. Must not know sessions."""
