"""What can be listened to on this machine, and how."""
