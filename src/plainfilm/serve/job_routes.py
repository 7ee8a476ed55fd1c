"""POST /v1/jobs and below: a batch of films, answered as NDJSON, a line for each."""

import re

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse

from plainfilm.serve.asked import Asked, Format, Reported, asked_from
from plainfilm.serve.documented import (
    JOB_HEADER,
    JOB_QUERY,
    JOB_REPORT,
    JOB_RESULTS,
    READ_BODY,
    problems,
)
from plainfilm.serve.house import House
from plainfilm.serve.jobs import Jobs
from plainfilm.serve.problems import bad_request, not_found, too_large
from plainfilm.serve.reading_room import check_findings
from plainfilm.serve.schemas import JobBody
from plainfilm.serve.stage import LoadedVersion
from plainfilm.serve.uploads import Upload, receive

FILMS_FACTOR = 10  # times as many films as a request that is waited for
KEY_HEADER = "Idempotency-Key"
_KEY = re.compile(r"[!-~]{1,128}")
_INDEX = re.compile(r"[0-9]{1,9}")


def job_routes(house: House, jobs: Jobs) -> APIRouter:
    """The routes of batches."""
    router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
    asked_for = {"requestBody": READ_BODY, "parameters": [*JOB_QUERY, JOB_HEADER]}

    @router.post("", status_code=202, response_model=JobBody, openapi_extra=asked_for,
                 responses=problems(400, 404, 413, 415, 422, 503))  # fmt: skip
    async def start(request: Request) -> JSONResponse:
        """Start a job; with an Idempotency-Key that is known, the job that it started."""
        key = request.headers.get(KEY_HEADER)
        if key is not None and not _KEY.fullmatch(key):
            raise bad_request(f"{KEY_HEADER}: expected 1 to 128 letters, digits and signs")
        with house.workers.place():
            upload, asked, version = await _taken_in(house, request)
            job = jobs.start(version, upload.films, asked, key)
        return JSONResponse(job.as_json(), 202, {"Location": f"/v1/jobs/{job.id}"})

    @router.get("/{job}", response_model=JobBody, responses=problems(404))
    async def status(job: str) -> dict[str, object]:
        """How far a job is."""
        return jobs.find(job).as_json()

    @router.get("/{job}/results", response_class=Response,
                responses={**JOB_RESULTS, **problems(400, 404)})  # fmt: skip
    async def results(job: str, after: str = "0") -> Response:
        """The lines that are there, without the first `after`; ask again from `Plainfilm-Next`."""
        if not _INDEX.fullmatch(after):
            raise bad_request("after: expected how many lines are known, a whole number")
        found = jobs.find(job)
        lines = found.lines[int(after) :]
        next_line = min(int(after), len(found.lines)) + len(lines)
        told = {"Plainfilm-Next": str(next_line), "Plainfilm-Job-State": found.state}
        return Response(b"".join(lines), headers=told, media_type="application/x-ndjson")

    @router.get("/{job}/results/{index}/report", response_class=Response,
                responses={**JOB_REPORT, **problems(404)})  # fmt: skip
    async def report(job: str, index: str) -> Response:
        """The report of a job's film, where the job asked for one."""
        found = jobs.find(job).reports.get(int(index) if _INDEX.fullmatch(index) else -1)
        if found is None:
            raise not_found("no report: not asked for, not read yet, or the film has a problem")
        return Response(found.content, media_type=found.media_type)

    @router.delete("/{job}", status_code=204, responses=problems(404))
    async def drop(job: str) -> None:
        """Forget a job and what came of it."""
        jobs.drop(job)

    return router


async def _taken_in(house: House, request: Request) -> tuple[Upload, Asked, LoadedVersion]:
    limits = house.settings
    upload = await receive(
        request, max_bytes=limits.max_body_bytes, max_films=FILMS_FACTOR * limits.max_films
    )
    asked = asked_from(upload.fields)
    if asked.format is not Format.JSON:
        raise bad_request("format: a job answers in JSON; leave the field out")
    version = house.version_for(asked.bundle, asked.version)
    check_findings(asked, version)
    if asked.report is not Reported.NONE and len(upload.films) > limits.max_films:
        most = limits.max_films
        raise too_large(f"report: of at most {most} films; send several jobs")
    return upload, asked, version
