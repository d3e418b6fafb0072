"""Operations: backup, restore, jobs, statistics, retention, diagnostics, logs."""
