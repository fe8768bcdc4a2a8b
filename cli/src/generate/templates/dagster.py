"""Carries {{title}} to ActiveCampaign: an asset that is materialized by enlist."""

{{notes}}
# Where it runs there have to be enlist in the path, the configuration, and a state folder that stays. The key belongs into
# a file that the configuration refers to: api_key: ${file:/run/secrets/ac_key}
import json
import subprocess

import dagster as dg

COMMAND = {{command}}


@dg.asset(
    name={{asset}},
    kinds={"activecampaign"},
    retry_policy=dg.RetryPolicy(max_retries=3, delay=600),
)
def segment(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    with subprocess.Popen(COMMAND, stdout=subprocess.PIPE, text=True) as process:
        try:
            output, _ = process.communicate()
        except BaseException:
            # A run that was asked to stop waits for the answers to what it has sent, and records them.
            process.terminate()
            process.communicate()
            raise
    lines = output.splitlines()
    run = json.loads(lines[-1]) if lines else {}
    metadata = {
        "run_id": run.get("run_id"),
        "status": run.get("status"),
        "seconds": run.get("seconds"),
        "rejected_by_reason": run.get("rejected_by_reason"),
        **(run.get("outcome") or {}),
    }
    metadata = {name: value for name, value in metadata.items() if value is not None}
    if process.returncode != 0:
        error = run.get("error") or {}
        raise dg.Failure(
            description=f"exit code {process.returncode}: {error.get('message', 'see the log')}",
            metadata=metadata,
            # Only what may go well later is tried again; with the rest somebody has to act.
            allow_retries=bool(run.get("retryable")),
        )
    return dg.MaterializeResult(metadata=metadata)


schedule = dg.ScheduleDefinition(
    name={{schedule_name}},
    target=[segment],
    cron_schedule={{schedule}},
    execution_timezone={{time_zone}},
)

defs = dg.Definitions(assets=[segment], schedules=[schedule])
