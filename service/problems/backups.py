"""What backing an installation up and restoring it may meet."""

from __future__ import annotations

from service.problems.problem import Problem


class BackupDamaged(Problem):
    """This is no whole backup: its description is missing, or a file is missing or not what it says."""

    slug, title, status = "backup-damaged", "Backup damaged", 400
    remedy = "Take another copy of this backup, or an older backup."


class BackupKeysDiffer(Problem):
    """The keys are not those that the vaults of this backup open with."""

    slug, title, status = "backup-keys-differ", "Backup keys differ", 409
    remedy = "Give the folder of keys that was made with this backup; no other keys open it."


class BackupNeedsSqlite(Problem):
    """The control database is on PostgreSQL, whose own programs copy it."""

    slug, title, status = "backup-needs-sqlite", "Backup needs SQLite", 409
    remedy = "Stop the service, copy the folders, and run pg_dump: see the guide for operators."


class FolderThere(Problem):
    """There is a folder of that name already, and nothing is written over."""

    slug, title, status = "folder-there", "Folder is there", 409
    remedy = "Name another folder, or move that one away and keep it until all is well."


class BackupNotMade(Problem):
    """It could not be finished: a folder or the database cannot be read or written, or the disk is full."""

    slug, title, status = "backup-not-made", "Backup not made", 500
    remedy = "See to rights and room, remove the unfinished folder, and run the command again."


class NewestCheckpointUnsaid(Problem):
    """Nobody said what the log has signed last, so nobody knows whether this backup is behind it."""

    slug, title, status = "newest-checkpoint-unsaid", "Newest checkpoint unsaid", 409
    remedy = (
        "Give --checkpoint with the newest that anybody kept, or vault/log/last-checkpoint of what was there "
        "before, or --log with a bundle of the log; --behind if nobody has any."
    )


class BackupBehindLog(Problem):
    """Somebody holds a checkpoint of the log that is newer than what would be restored."""

    slug, title, status = "backup-behind-log", "Backup behind the log", 409
    remedy = (
        "Give --log with the newest bundle that reviewers kept. Without one, --behind restores all the same: "
        "that is entered, the log is seen to fork, and what was destroyed since may come back."
    )


class LogBundleRefused(Problem):
    """The bundle does not verify, or it is not a continuation of the log of this backup."""

    slug, title, status = "log-bundle-refused", "Log bundle refused", 422
    remedy = "Have tre-audit verify say what does not hold; give a bundle that is newer than the backup."


class CheckpointRefused(Problem):
    """A checkpoint was not signed by this log's key, or its tree is another than the one restored."""

    slug, title, status = "checkpoint-refused", "Checkpoint refused", 422
    remedy = (
        "Find out whose it is: if this log signed it, the backup or the bundle was forged; tell the auditors."
    )
