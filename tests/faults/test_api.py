"""B5 of the plan: requests made up from the API's own document, right and wrong ones."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from plainfilm.serve.admin import create_admin_app
from plainfilm.serve.app import create_app
from plainfilm.serve.settings import ServeSettings
from served import listening

schemathesis = pytest.importorskip("schemathesis")

N_EXAMPLES = 12  # for each route; benchmarks/faults.py api N takes more


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_made_up_requests_get_documented_statuses_and_no_error_of_the_server(
    tiny_path: Path,
) -> None:
    """Both ports; not /unload, after which there is nothing left to ask."""
    app = create_app(ServeSettings(source=tiny_path, workers=2))
    with listening(app, create_admin_app(app)) as doors:
        for door in doors:
            document = schemathesis.openapi.from_url(f"http://{door}/openapi.json")
            for found in document.get_all_operations():
                operation = found.ok()
                if not operation.path.endswith("/unload"):
                    ask_as_documented(operation, N_EXAMPLES)


def ask_as_documented(operation, n_examples: int) -> None:  # type: ignore[no-untyped-def]
    """So many requests to a route; AssertionError where a status is undocumented or above 499."""
    checks = [schemathesis.checks.not_a_server_error,
              schemathesis.specs.openapi.checks.status_code_conformance]  # fmt: skip
    how = settings(max_examples=n_examples, deadline=None, database=None, derandomize=True,
                   phases=[Phase.generate], suppress_health_check=list(HealthCheck))  # fmt: skip

    @how
    @given(case=operation.as_strategy())
    def ask(case) -> None:  # type: ignore[no-untyped-def]
        case.call_and_validate(checks=checks)

    ask()
