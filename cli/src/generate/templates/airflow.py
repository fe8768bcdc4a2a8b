"""Carries {{title}} to ActiveCampaign: one task that runs enlist on the worker."""

{{notes}}
# The worker needs enlist in its path, the configuration, and a state folder that stays. The key belongs into a file that
# the configuration refers to (api_key: ${file:/run/secrets/ac_key}), not into a variable or connection of Airflow.
import json
from datetime import timedelta

import pendulum

try:
    from airflow.providers.standard.operators.bash import BashOperator
    from airflow.sdk import DAG
except ImportError:  # Airflow 2, from 2.10
    from airflow import DAG
    from airflow.operators.bash import BashOperator

COMMAND = {{command}}

with DAG(
    dag_id={{dag}},
    schedule={{schedule}},
    start_date=pendulum.datetime(2026, 1, 1, tz={{time_zone}}),
    catchup=False,
    max_active_runs=1,
    tags=["enlist"],
):
    BashOperator(
        task_id="run",
        # The last line of the output becomes the XCom, and Airflow reads standard error as output too: so the result is
        # held back to the end. It does not go through a pipe, which would hide the exit code.
        bash_command=f'result=$({COMMAND}); code=$?; echo "$result"; exit $code',
        output_processor=json.loads,
        # Nothing to send: the task is skipped, and so is what waits for it. Leave out both to have it succeed.
        skip_on_exit_code=99,
        # Airflow cannot tell exit codes apart. 5 (work left) and 11 (locked) are worth a retry; others need somebody to act,
        # and a retry does no harm: nothing that was confirmed is sent again.
        retries=3,
        retry_delay=timedelta(minutes=10),
        # enlist stops by itself at the `deadline` of the export, 90 minutes unless it says otherwise.
        execution_timeout=timedelta(hours=2),
    )
