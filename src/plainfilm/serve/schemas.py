"""The shapes of what is sent, for the OpenAPI document; nothing here is run to answer a request."""

from pydantic import BaseModel, Field


class ProblemBody(BaseModel):
    """What went wrong (RFC 9457), and the same words as OIP v2 wants them."""

    type: str = Field(description="urn:plainfilm:problem: and the kind of problem")
    title: str
    status: int
    detail: str = Field(description="one line: what was found, what was expected")
    error: str = Field(description="the same as detail")


class BundleIdBody(BaseModel):
    """Which bundle answered."""

    name: str
    version: str
    sha256: str


class ReadAsBody(BaseModel):
    """What the film was taken for; null = not known."""

    age_years: float | None
    view: str | None
    body_part: str | None


class FactsBody(BaseModel):
    """What the network was told beside the film, of what its bundle takes; null = not known."""

    age: float | None = None
    sex: str | None = None
    view: str | None = None


class FindingBody(BaseModel):
    """What is said of one finding."""

    finding: str
    display: str
    probability: float = Field(ge=0, le=1)
    score: float
    threshold: float = Field(ge=0, le=1)
    present: bool
    prevalence: float | None


class MapBody(BaseModel):
    """A finding's map: a see-through PNG to lay over the film, or float32 (little-endian)."""

    base64: str
    media_type: str | None = None
    dtype: str | None = None
    shape: list[int] | None = None
    display_max: float | None = None


class ReportBody(BaseModel):
    """A film's report: its content, or of a job the place where it is."""

    media_type: str
    base64: str | None = None
    href: str | None = None


class PredictionBody(BaseModel):
    """One film's answer, in the schema plainfilm.prediction/1."""

    schema_: str = Field(alias="schema")
    name: str
    bundle: BundleIdBody
    read_as: ReadAsBody
    facts: FactsBody | None = Field(default=None, description="only of a bundle that is told any")
    calibrated: bool
    findings: list[FindingBody]
    familiarity: float | None
    cautions: list[str]
    refused: str | None
    maps: dict[str, MapBody] | None = None
    report: ReportBody | None = None


class FilmProblemBody(ProblemBody):
    """Why one film of several has no answer."""

    name: str


class BundleVersionBody(BaseModel):
    """A version that answers, or could not be loaded."""

    version: int
    state: str
    reason: str | None = None
    sha256: str | None = None
    bundle_version: str | None = None
    engine: str | None = None


class BundleBody(BaseModel):
    """A bundle's versions, and the labels that choose among them."""

    name: str
    stable: int | None
    canary: int | None
    percent: float
    shadow: int | None
    versions: list[BundleVersionBody]


class ServedBundlesBody(BaseModel):
    """What is served."""

    default: str
    bundles: list[BundleBody]


class TensorBody(BaseModel):
    """A tensor that a model takes or gives; -1 = any side."""

    name: str
    datatype: str
    shape: list[int]


class ModelBody(BaseModel):
    """A model's metadata (OIP v2)."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorBody]
    outputs: list[TensorBody]


class ModelReadyBody(BaseModel):
    """Whether a model answers."""

    name: str
    ready: bool


class ServerBody(BaseModel):
    """The server's metadata (OIP v2)."""

    name: str
    version: str
    extensions: list[str]


class InferTensorBody(BaseModel):
    """An output: its values, or how many of the bytes after the JSON are its."""

    name: str
    datatype: str
    shape: list[int]
    data: list[float] | None = None
    parameters: dict[str, int] | None = None


class InferBody(BaseModel):
    """What a graph computed (OIP v2)."""

    model_name: str
    model_version: str
    id: str | None = None
    outputs: list[InferTensorBody]


class IndexRowBody(BaseModel):
    """One version in the repository's index."""

    name: str
    version: str
    state: str
    reason: str | None = None


class JobBody(BaseModel):
    """How far a job is, and where its lines are."""

    id: str
    state: str
    bundle: str
    films: int
    done: int
    results: str
