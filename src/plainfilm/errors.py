"""The errors a caller may want to catch.

```
PlainfilmError                 anything plainfilm refuses; one clear line, exit status 1
├── ImageError                 a file that cannot become a radiograph
│   ├── UnreadableImage        missing, truncated, undecodable, or no image at all
│   └── NotARadiograph         an image, but not a plain film (CT, multi-frame, ultrasound …)
├── BundleError                a bundle that cannot be trusted
│   ├── CorruptBundle          a file missing, a wrong hash, a broken graph, wrong golden outputs
│   └── BundleTooNew           written in a newer format than this version reads
├── DatasetError               a data set folder, a manifest or a cache that does not hold together
│   ├── LeakError              a patient (or a film) in more than one split
│   └── ManyProblems           several of these at once, each of them listed
├── RecipeError                a recipe with an unknown key, a wrong type or an impossible value
├── RunError                   a training run that cannot start, go on or be exported
│   └── ToldElsewhere          the same, told by another process of the training
├── EvaluationError            numbers that cannot be computed honestly
├── ReportError                a report that cannot be written
├── ServeError                 a server that cannot start as it was asked to
├── ServerBusy                 more is asked than can be answered now; the same may work in a second
├── DeidentifyError            films that cannot be written without their patients as asked
├── AuditError                 an audit log that cannot be written or read
├── KeysError                  API keys, tokens or their files that cannot be used
└── MissingExtra               an optional package is missing; names the command that installs it
```

A message says which thing, what was found, what was expected and what to do. It carries no
patient name or identifier.
"""


class PlainfilmError(Exception):
    """Anything plainfilm refuses to do; the message is one line a user can act on."""


class ImageError(PlainfilmError):
    """A file cannot become a radiograph."""


class UnreadableImage(ImageError):
    """The file is missing, truncated, undecodable or not an image."""


class NotARadiograph(ImageError):
    """The file is an image, but not a plain film."""


class BundleError(PlainfilmError):
    """A bundle cannot be trusted or used."""


class CorruptBundle(BundleError):
    """A file of the bundle is missing, altered or broken, or its golden outputs do not return."""


class BundleTooNew(BundleError):
    """The bundle is written in a newer format than this version of plainfilm reads."""


class DatasetError(PlainfilmError):
    """A data set folder, a manifest or a cache does not hold together."""


class LeakError(DatasetError):
    """A patient or a film stands in more than one split; the message names the offenders' count."""


class ManyProblems(DatasetError):
    """Several things do not hold together; `problems` tells each in a line of its own."""

    def __init__(self, source: str, problems: tuple[str, ...]) -> None:
        super().__init__(f"{source}: {len(problems):,} problems: {'; '.join(problems)}")
        self.problems = problems


class RecipeError(PlainfilmError):
    """A recipe has an unknown key, a value of the wrong type or an impossible value."""


class RunError(PlainfilmError):
    """A training run cannot start, go on or be exported."""


class ToldElsewhere(RunError):
    """A training of several processes has stopped; another of them tells why."""


class EvaluationError(PlainfilmError):
    """Numbers cannot be computed honestly from what was given."""


class ReportError(PlainfilmError):
    """A report cannot be written."""


class ServeError(PlainfilmError):
    """A server cannot start as it was asked to."""


class ServerBusy(PlainfilmError):
    """More is asked of a server than it can answer now."""


class DeidentifyError(PlainfilmError):
    """Films cannot be written without their patients in the way that was asked for."""


class AuditError(PlainfilmError):
    """An audit log cannot be written or read."""


class KeysError(PlainfilmError):
    """API keys, tokens, or the files they are kept in cannot be used."""


class MissingExtra(PlainfilmError):
    """An optional package is not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"{package} is not installed, and this needs it. Run: pip install 'plainfilm[{extra}]'"
        )
        self.package = package
        self.extra = extra
