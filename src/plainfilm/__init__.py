"""plainfilm reads plain X-ray films. Not a medical device.

```python
from plainfilm import Reader, read_radiograph

prediction = Reader("pneumonia-paediatric").read(read_radiograph("chest.dcm"), age_years=4)
for result in prediction.results:
    print(result.finding.display, result.probability, result.threshold)
```

`__all__` lists the public names. All but the errors are imported when first used, so that
`import plainfilm` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from plainfilm.errors import (
    AuditError,
    BundleError,
    BundleTooNew,
    CorruptBundle,
    DatasetError,
    DeidentifyError,
    EvaluationError,
    ImageError,
    KeysError,
    LeakError,
    ManyProblems,
    MissingExtra,
    NotARadiograph,
    PlainfilmError,
    RecipeError,
    ReportError,
    RunError,
    ServeError,
    ServerBusy,
    ToldElsewhere,
    UnreadableImage,
)

if TYPE_CHECKING:
    from plainfilm.findings import Finding, FindingResult, LabelSet, Prediction
    from plainfilm.images import read_radiograph
    from plainfilm.radiograph import Laterality, Radiograph, Sex, Study, View
    from plainfilm.reading import Reader
    from plainfilm.reading.bundle import Bundle

__version__ = "0.1.0"

__all__ = [
    "AuditError",
    "Bundle",
    "BundleError",
    "BundleTooNew",
    "CorruptBundle",
    "DatasetError",
    "DeidentifyError",
    "EvaluationError",
    "Finding",
    "FindingResult",
    "ImageError",
    "KeysError",
    "LabelSet",
    "Laterality",
    "LeakError",
    "ManyProblems",
    "MissingExtra",
    "NotARadiograph",
    "PlainfilmError",
    "Prediction",
    "Radiograph",
    "Reader",
    "RecipeError",
    "ReportError",
    "RunError",
    "ServeError",
    "ServerBusy",
    "Sex",
    "Study",
    "ToldElsewhere",
    "UnreadableImage",
    "View",
    "read_radiograph",
]

_HOMES = {
    "Bundle": "plainfilm.reading.bundle",
    "Finding": "plainfilm.findings",
    "FindingResult": "plainfilm.findings",
    "LabelSet": "plainfilm.findings",
    "Laterality": "plainfilm.radiograph",
    "Prediction": "plainfilm.findings",
    "Radiograph": "plainfilm.radiograph",
    "Reader": "plainfilm.reading",
    "Sex": "plainfilm.radiograph",
    "Study": "plainfilm.radiograph",
    "View": "plainfilm.radiograph",
    "read_radiograph": "plainfilm.images",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module 'plainfilm' has no attribute {name!r}")
    found: object = vars(import_module(_HOMES[name]))[name]
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOMES})
