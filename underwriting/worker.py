"""The worker: ticks the jobs until a signal comes. Any number of workers may run; PostgreSQL decides who does what."""

import signal
import threading

import structlog

from underwriting.house import house_of
from underwriting.jobs import jobs_of
from underwriting.platform import heartbeats, scheduler, tracing
from underwriting.platform.runtime import Runtime

_log = structlog.get_logger(__name__)


def run(runtime: Runtime) -> None:
    """Run the jobs of the house over *runtime* until SIGINT or SIGTERM."""
    tracing.configure(runtime.settings.traces_url, process="worker")
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    ticking = scheduler.start(jobs_of(house_of(runtime)))
    _log.info("worker_started")
    heartbeat = heartbeats.Heartbeat(runtime)
    heartbeat.beat()
    while not stop.wait(heartbeats.EVERY.total_seconds()):
        heartbeat.beat()
    ticking.shutdown(wait=True)
    heartbeat.end()
    _log.info("worker_stopped")
