"""What parent and worker say to each other: a request for each thing that a worker can do, and its answer.

Each is one line of JSON. A request names itself in the field `do`; it is a `Request` of its type of answer:

    {"do": "bind", "data": "….npz", "dtype": "float64"}   →   {"answer": {"bind_seconds": 0.002}, "error": null}

A request that failed is answered with {"answer": null, "error": {"type": …, "message": …}}; the worker lives on. JSON
has no number for what is not finite: that is written as null, and read as None (`Number`).

On its way a line is stamped: a word that is drawn anew for each request stands before it, and the answer bears the same
one. A backend that writes into the channel of the answers, on purpose or not, is not taken for the worker.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar, cast, get_args

import msgspec

from handgrad.compare.foreign_text import message_of, one_line
from handgrad.compare.strain.strain import Strain

if TYPE_CHECKING:
    from handgrad.backends.interface import Plan

#: A float; None stands for one that is not finite.
Number = float | None

Answer = TypeVar("Answer")


# -- what is inside of them --------------------------------------------------------------------------------------------


class PlanMessage(msgspec.Struct, frozen=True):
    """A `Plan` on its way to a worker; `start` is the weights (d,), then the bias."""

    learning_rate: float
    epochs: int
    batch_size: int | None
    start: tuple[list[float], float] | None
    seed: int
    dtype: Literal["float64", "float32"]
    record: list[int] | None
    order: Literal["shuffled", "file"]

    @classmethod
    def of(cls, plan: Plan) -> PlanMessage:
        """The message of a plan."""
        start = None if plan.start is None else ([float(w) for w in plan.start.weights], float(plan.start.bias))
        return cls(
            learning_rate=float(plan.learning_rate),
            epochs=plan.epochs,
            batch_size=plan.batch_size,
            start=start,
            seed=plan.seed,
            dtype=plan.dtype,
            record=None if plan.record is None else [int(epoch) for epoch in plan.record],
            order=plan.order,
        )

    def plan(self) -> Plan:
        """The plan of a message."""
        from handgrad.backends.interface import Parameters, Plan

        fields = msgspec.structs.asdict(self)
        return Plan(**fields | {"start": None if self.start is None else Parameters(*self.start)})


class GradientMessage(msgspec.Struct, frozen=True):
    """The loss at a point and its derivatives there: `weights` (d,) and `bias`."""

    loss: Number
    weights: list[Number]
    bias: Number


class TrainingMessage(msgspec.Struct, frozen=True):
    """What a whole run left behind; see `handgrad.backends.interface.Training`.

    `weights` (d,) and `bias` after the last epoch, `losses` (epochs + 1,) as floats; the parameters that were recorded
    are `recorded_weights` (k, d) and `recorded_biases` (k,) at `recorded_epochs` (k,).
    """

    weights: list[Number]
    bias: Number
    losses: list[Number]
    recorded_epochs: list[int]
    recorded_weights: list[list[Number]]
    recorded_biases: list[Number]
    diverged_at: int | None


class LevelMessage(msgspec.Struct, frozen=True):
    """How fast a working set of so many bytes is read, over and over."""

    bytes: int
    bytes_per_second: float


# -- answers -----------------------------------------------------------------------------------------------------------


class Loaded(msgspec.Struct, frozen=True):
    """The library is there."""

    import_seconds: float


class Bound(msgspec.Struct, frozen=True):
    """X and y are in the backend's own form; the seconds of that move alone.

    On a device they hold those that its library takes to make it ready; `transfer_seconds` are what remains, the move
    from NumPy's arrays to the device (None: there is none).
    """

    bind_seconds: float
    transfer_seconds: float | None = None


class DeviceSeen(msgspec.Struct, frozen=True):
    """What the library says of a device: its name, or why it cannot compute there."""

    name: str | None
    absent: str | None


class FirstCalled(msgspec.Struct, frozen=True):
    """The first epoch was run, compilation included, under this strain; then the gradient was taken, untimed."""

    first_call_seconds: float
    gradient: GradientMessage
    strain: Strain | None = None


class TrainingDone(msgspec.Struct, frozen=True):
    """The whole run is done."""

    training: TrainingMessage


class GradientsTaken(msgspec.Struct, frozen=True):
    """The gradient at each point that was sent: (points, d + 1), the bias last."""

    gradients: list[list[Number]]


class EpochsTimed(msgspec.Struct, frozen=True):
    """How long the epochs took together, and the parameters after them: `weights` (d,) and `bias`.

    `strain` is what they went without meanwhile, their warm-up included.
    """

    seconds: float
    weights: list[Number]
    bias: Number
    strain: Strain | None = None


class MemoryUsed(msgspec.Struct, frozen=True):
    """The most memory that the process has held, and how much of it was beyond interpreter and data.

    Both in bytes; None where the system does not tell. `elsewhere_bytes` is what of the data workers of a cluster hold,
    each.
    """

    peak_bytes: int | None
    own_bytes: int | None
    elsewhere_bytes: tuple[int, ...] = ()


class BytesRead(msgspec.Struct, frozen=True):
    """How long it took to read them; of columns in files, under which strain."""

    seconds: float
    strain: Strain | None = None


class LimitsFound(msgspec.Struct, frozen=True):
    """What the machine can do at most: reading by size of the working set, ascending, and operations by dtype."""

    levels: list[LevelMessage]
    operations_per_second: dict[str, float]


class WorkerFailure(msgspec.Struct, frozen=True):
    """Why a request was not carried out: the exception's type and message."""

    type: str
    message: str


class Reply(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line that a worker writes: the answer of the type that belongs to the request, or why there is none."""

    answer: msgspec.Raw = msgspec.Raw(b"null")
    error: WorkerFailure | None = None


# -- requests ----------------------------------------------------------------------------------------------------------


class Request(msgspec.Struct, Generic[Answer], frozen=True, tag_field="do"):
    """What a worker is asked for; the class of a request fixes the class of its answer."""

    @property
    def name(self) -> str:
        """How it is called in JSON, in the field `do`."""
        return str(self.__struct_config__.tag)

    def line(self) -> bytes:
        """The request as the worker reads it, with its newline."""
        return msgspec.json.encode(self) + b"\n"

    def answer_of(self, raw: msgspec.Raw) -> Answer:
        """The answer that a worker gave to it.

        Raises:
            msgspec.ValidationError: When it is of another shape.
        """
        bases: tuple[Any, ...] = type(self).__orig_bases__  # type: ignore[attr-defined]
        (expected,) = get_args(bases[0])
        return cast(Answer, msgspec.json.decode(raw, type=expected))


class Load(Request[Loaded], frozen=True, tag="load"):
    """Import the library behind the backend, as a user's script would."""


class Bind(Request[Bound], frozen=True, tag="bind"):
    """Read X (n, d) and y (n,) from an .npz file, and move them into the backend's own form in that dtype."""

    data: str
    dtype: Literal["float64", "float32"]
    device: str = "cpu"


class FindDevice(Request[DeviceSeen], frozen=True, tag="device"):
    """Ask the library, which is loaded, for a device."""

    device: str


class FirstCall(Request[FirstCalled], frozen=True, tag="first_call"):
    """Run the plan's first epoch; then take the gradient at its start."""

    plan: PlanMessage


class Train(Request[TrainingDone], frozen=True, tag="train"):
    """Carry out the whole plan, and record what it says."""

    plan: PlanMessage


class TakeGradients(Request[GradientsTaken], frozen=True, tag="gradients"):
    """Take the gradient at each of the points (points, d + 1), the bias last."""

    points: list[list[float]]


class TimeEpochs(Request[EpochsTimed], frozen=True, tag="time"):
    """Run so many epochs of the plan under the clock."""

    plan: PlanMessage
    epochs: int


class AskMemory(Request[MemoryUsed], frozen=True, tag="memory"):
    """Tell how much memory was taken."""


class ReadBytes(Request[BytesRead], frozen=True, tag="read"):
    """Read a working set of so many bytes so many times, with the threads of the process or on the backend's device."""

    bytes: int
    times: int


class ScanColumns(Request[BytesRead], frozen=True, tag="scan"):
    """Read the columns of a table that a file describes so many times, and do nothing with them."""

    data: str
    times: int


class FindLimits(Request[LimitsFound], frozen=True, tag="limits"):
    """Measure what the machine can do at most, up to a working set of so many bytes."""

    largest_bytes: int


AnyRequest = (
    Load
    | FindDevice
    | Bind
    | FirstCall
    | Train
    | TakeGradients
    | TimeEpochs
    | AskMemory
    | ReadBytes
    | ScanColumns
    | FindLimits
)

_REQUESTS: msgspec.json.Decoder[AnyRequest] = msgspec.json.Decoder(AnyRequest)
_REPLIES: msgspec.json.Decoder[Reply] = msgspec.json.Decoder(Reply)


def stamped(stamp: bytes, line: bytes) -> bytes:
    """A line on its way: the word that its answer must bear, and the line."""
    return stamp + b" " + line


def unstamped(line: bytes) -> tuple[bytes, bytes]:
    """The word that a line bears, and the line itself; one that bears none has no second part."""
    stamp, _, rest = line.partition(b" ")
    return stamp, rest


def read_request(line: bytes) -> AnyRequest:
    """The request in a line.

    Raises:
        msgspec.MsgspecError: When it is none.
    """
    return _REQUESTS.decode(line)


def answer_line(answer: msgspec.Struct) -> bytes:
    """A worker's answer as the parent reads it, with its newline."""
    return msgspec.json.encode(Reply(answer=msgspec.Raw(msgspec.json.encode(answer)))) + b"\n"


def failure_line(error: BaseException) -> bytes:
    """That a request failed, as the parent reads it, with its newline."""
    return (
        msgspec.json.encode(Reply(error=WorkerFailure(one_line(type(error).__name__, 60), message_of(error)))) + b"\n"
    )


def read_reply(line: bytes) -> Reply:
    """What a worker wrote.

    Raises:
        msgspec.MsgspecError: When it is no reply.
    """
    return _REPLIES.decode(line)
