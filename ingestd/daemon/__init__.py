"""The long-running process: intake, lifecycle of files, retry, hooks, health, systemd."""
