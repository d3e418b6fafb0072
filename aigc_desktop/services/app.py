"""What the services work on: everything that bootstrap built, in one frozen value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aigc_desktop.agent.rules import RuleBook
    from aigc_desktop.agent.sandbox import Sandbox
    from aigc_desktop.config.paths import Paths
    from aigc_desktop.config.secrets import SecretStore
    from aigc_desktop.config.settings import Settings
    from aigc_desktop.core.bus import EventBus
    from aigc_desktop.core.clock import Clock
    from aigc_desktop.core.http import HttpControl
    from aigc_desktop.files.checkpoints import Checkpoints
    from aigc_desktop.ops.backup.process import Workers
    from aigc_desktop.services.connection import Connection
    from aigc_desktop.services.job_runner import JobRunner
    from aigc_desktop.services.learning import Learner
    from aigc_desktop.services.matching import Matching
    from aigc_desktop.services.revisions import SessionRevisions
    from aigc_desktop.services.runner import TurnRunner
    from aigc_desktop.services.tokens import SigningKey
    from aigc_desktop.store.store import Store


@dataclass(frozen=True, slots=True)
class App:
    """The running program, without any user interface."""

    paths: Paths
    settings: Settings
    secrets: SecretStore
    bus: EventBus
    clock: Clock
    store: Store
    sandbox: Sandbox
    connection: Connection
    runner: TurnRunner
    revisions: SessionRevisions
    rules: RuleBook
    checkpoints: Checkpoints
    matching: Matching
    jobs: JobRunner
    backups: Workers
    signing_key: SigningKey
    http: HttpControl
    learner: Learner
