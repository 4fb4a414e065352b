"""Model files: numbers come back to the bit, damaged files are told, and a pickle cannot run code."""

from __future__ import annotations

import json
import os
import pickle
import pickletools

import numpy as np
import pytest

from handgrad.data.dataset import DataError, Dataset
from handgrad.data.model_file import Model, load, save
from handgrad.data.standardize import Standardization

MODEL = Model(
    weights=np.array([1 / 3, -1e-300, 5e-324]),
    bias=0.1 + 0.2,
    feature_names=("size, m2", "größe", "<b>"),
    target_name="y",
    standardization=Standardization(np.array([1e300, 0.1, 0.0]), np.array([1e-310, 7.0, 2.0**60])),
    details={"backend": "numpy", "learning_rate": 0.01, "epochs": 100},
)


@pytest.mark.parametrize("format", ["json", "pickle"])
def test_every_number_comes_back_to_the_bit(tmp_path, format):
    save(MODEL, tmp_path / "m", format)
    read = load(tmp_path / "m")
    assert read.weights.tobytes() == MODEL.weights.tobytes()
    assert read.bias == MODEL.bias
    assert read.standardization.means.tobytes() == MODEL.standardization.means.tobytes()
    assert read.standardization.scales.tobytes() == MODEL.standardization.scales.tobytes()
    assert (read.feature_names, read.target_name) == (MODEL.feature_names, MODEL.target_name)
    assert read.details == MODEL.details


def test_the_json_can_be_read_by_anyone(tmp_path):
    save(MODEL, tmp_path / "m.json")
    text = (tmp_path / "m.json").read_text(encoding="utf-8")
    plain = json.loads(text)
    assert (plain["schema"], plain["weights"], plain["bias"]) == (1, MODEL.weights.tolist(), MODEL.bias)
    assert text.startswith('{\n "schema": 1,\n "kind": "handgrad model",\n "feature_names": [\n  "size, m2",\n')


def test_the_pickle_holds_plain_types_alone(tmp_path):
    save(MODEL, tmp_path / "m.pickle", "pickle")
    operations = {operation.name for operation, _, _ in pickletools.genops((tmp_path / "m.pickle").read_bytes())}
    assert not operations & {"GLOBAL", "STACK_GLOBAL", "INST", "OBJ", "NEWOBJ", "REDUCE", "BUILD", "EXT1", "PERSID"}


def test_nothing_is_left_beside_the_file(tmp_path):
    save(MODEL, tmp_path / "deep" / "m.json")
    save(MODEL, tmp_path / "deep" / "m.json")
    assert [path.name for path in (tmp_path / "deep").iterdir()] == ["m.json"]


class Malicious:
    def __init__(self, call, *arguments):
        self.call = call, arguments

    def __reduce__(self):
        return self.call


@pytest.mark.parametrize("protocol", range(2, pickle.HIGHEST_PROTOCOL + 1))
def test_a_malicious_pickle_runs_nothing(tmp_path, protocol):
    trace = tmp_path / "trace"
    path = tmp_path / "m.pickle"
    path.write_bytes(pickle.dumps({"kind": "handgrad model", "x": Malicious(os.mkdir, str(trace))}, protocol))
    with pytest.raises(DataError, match="which a model file never needs") as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert not trace.exists()
    pickle.loads(path.read_bytes())
    assert trace.exists(), "the same file does harm where the unpickler is the usual one"


def test_a_pickle_of_protocol_0_runs_nothing(tmp_path):
    path = tmp_path / "m.pickle"
    path.write_bytes(pickle.dumps(Malicious(os.mkdir, str(tmp_path / "trace")), 0))
    with pytest.raises(DataError):
        load(path)
    assert not (tmp_path / "trace").exists()


@pytest.mark.parametrize(
    "harmless_looking",
    [np.float64(1.5), complex(1, 2), {1, 2, Model}, np.array([1.0])],
    ids=["float64", "complex", "type", "array"],
)
def test_a_pickle_that_needs_any_class_is_refused(tmp_path, harmless_looking):
    path = tmp_path / "m.pickle"
    path.write_bytes(pickle.dumps(harmless_looking))
    with pytest.raises(DataError, match="never needs"):
        load(path)


def test_a_pickle_that_asks_for_outside_objects_is_refused(tmp_path):
    path = tmp_path / "m.pickle"
    path.write_bytes(b"\x80\x04\x8c\x01aQ.")
    with pytest.raises(DataError, match="outside object"):
        load(path)


@pytest.mark.parametrize("format", ["json", "pickle"])
def test_a_file_cut_off_anywhere_is_told(tmp_path, format):
    path = tmp_path / "m"
    save(MODEL, path, format)
    whole = path.read_bytes()
    for length in range(0, len(whole.rstrip()), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(DataError) as caught:
            load(path)
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": 99}, "schema 1, got 99"),
        ({"kind": "other"}, "something else"),
        ({"weights": [1.0]}, "expected 3 weights"),
        ({"weights": "text"}, "damaged"),
        ({"weights": [1.0, None, 2.0]}, "damaged"),
        ({"bias": "0.5"}, "damaged"),
        ({"more": 1}, "damaged"),
        ({"standardization": {"means": [1.0], "scales": [1.0]}}, "standardisation of 3"),
        ({"standardization": {"means": [1.0, 1, 1], "scales": [1.0, 0, 1]}}, "positive"),
    ],
)
def test_a_changed_file_is_told(tmp_path, change, says):
    path = tmp_path / "m.json"
    save(MODEL, path)
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change))
    with pytest.raises(DataError, match=says):
        load(path)


@pytest.mark.parametrize("text", ["", "[]", "x,y\n1,2\n", "null"])
def test_another_file_is_told(tmp_path, text):
    path = tmp_path / "m.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"m\.json: expected a"):
        load(path)


def test_a_missing_file_is_told(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        load(tmp_path / "m.json")


def test_a_model_that_is_none_is_refused(tmp_path):
    with pytest.raises(DataError, match="diverge"):
        Model(np.array([np.nan]), 0.0, ("x",), "y")
    with pytest.raises(DataError, match="expected 1 weights"):
        Model(np.array([1.0, 2.0]), 0.0, ("x",), "y")
    with pytest.raises(DataError, match="'json' or 'pickle'"):
        save(MODEL, tmp_path / "m", "yaml")
    with pytest.raises(DataError, match="details"):
        save(Model(np.array([1.0]), 0.0, ("x",), "y", details={"a": object()}), tmp_path / "m")
    assert not (tmp_path / "m").exists()


def test_predictions_are_those_of_the_formula():
    model = Model(np.array([2.0, -1.0]), 0.5, ("a", "b"), "y")
    np.testing.assert_array_equal(model.predict([[1, 2], [3, 4]]), [0.5, 2.5])
    np.testing.assert_array_equal(Model(np.array([2.0]), 1.0, ("x",), "y").predict([1, 2]), [3, 5])
    with pytest.raises(DataError, match=r"\(n, 2\)"):
        model.predict([[1, 2, 3]])


def test_features_are_found_by_name_in_any_order():
    model = Model(np.array([2.0, -1.0]), 0.5, ("a", "b"), "y")
    X = np.array([[1.0, 2], [3, 4], [5, 9]])
    y = np.array([1.0, 2, 4])
    np.testing.assert_array_equal(model.align(Dataset.from_arrays(X, y, ["b", "a"])), X[:, ::-1])
    np.testing.assert_array_equal(model.align(Dataset.from_arrays(X, y, ["a", "b"])), X)


@pytest.mark.parametrize(
    ("names", "target", "says"),
    [
        (["a", "B"], "y", r"lacks 'b' \(did you mean 'B'\?\) and has also 'B'"),
        (["a", "b", "c"], "y", "has also 'c'"),
        (["a"], "y", "lacks 'b'"),
        (["a", "b"], "z", "the model predicts 'y'"),
    ],
)
def test_a_table_of_other_columns_is_refused(names, target, says):
    model = Model(np.array([2.0, -1.0]), 0.5, ("a", "b"), "y")
    data = Dataset.from_arrays(np.arange(3.0 * len(names)).reshape(3, -1), np.arange(3), names, target)
    with pytest.raises(DataError, match=says):
        model.align(data)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (b"{", b"\xef\xbb\xbf{", "byte-order mark"),
        (b'"bias"', b'"bias": 9.0, "bias"', "the key 'bias' stands twice"),
        (b'"schema": 1', b'"schema": true', "schema 1, got True"),
        (b'"schema": 1', b'"schema": 1.5', "schema 1, got 1.5"),
        (b'"schema": 1', b'"schema": "' + b"x" * 10_000 + b'"', "schema 1, got 'xx"),
        (b'"bias": 0.1', b'"bias": 1e400', "damaged|out of range|finite"),
        (b'"bias": 0.1', b'"bias": NaN', "NaN is no number of JSON"),
        (b'"bias": 0.1', b'"bias": ' + b"9" * 10_000, "digits"),
        (b'"bias": 0.1', b'"bias": ' + b"[" * 10_000 + b"]" * 10_000, "nested too deep"),
        (b'"bias": 0.1', b'"bias": true', "damaged"),
    ],
)
def test_a_file_with_something_odd_in_it_is_told_in_one_short_line(tmp_path, before, after, says):
    path = tmp_path / "m.json"
    save(Model(np.array([1.0]), 0.1, ("x",), "y", details={"epochs": 3}), path)
    content = path.read_bytes()
    assert before in content
    path.write_bytes(content.replace(before, after, 1))
    with pytest.raises(DataError, match=says) as caught:
        load(path)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("plain", [[1.0], 10**400, {"weights": [10**400]}, {"feature_names": ["x"] * 2}])
def test_a_pickle_with_something_odd_in_it_is_told(tmp_path, plain):
    path = tmp_path / "m.pickle"
    save(MODEL, path, "pickle")
    content = pickle.loads(path.read_bytes())
    path.write_bytes(pickle.dumps(content | plain if isinstance(plain, dict) else plain))
    with pytest.raises(DataError):
        load(path)


def test_a_model_has_features_each_with_a_name_of_its_own():
    for names in ((), ("x", "x")):
        with pytest.raises(DataError, match="each with a name of its own"):
            Model(np.ones(len(names)), 0.0, names, "y")


def test_a_model_holds_its_own_numbers_as_float64_and_nobody_changes_them():
    given = np.array([1, 2], dtype=np.int64)
    model = Model(given, np.float32(0.5), ["a", "b"], "y")
    assert (model.weights.dtype, model.weights.flags.writeable) == (np.float64, False)
    assert (type(model.bias), model.feature_names) == (float, ("a", "b"))
    assert Model(2.0, 1, ("x",), "y").weights.tolist() == [2.0]
    ours = np.array([1.0, 2.0])
    kept = Model(ours, 0.0, ("a", "b"), "y")
    ours[0] = 9
    assert kept.weights.tolist() == [1.0, 2.0]


@pytest.mark.parametrize(
    ("weights", "bias"), [([1.0, np.inf], 0.0), ([np.nan, 1.0], 0.0), ([1.0, 2.0], np.inf), ([1.0, 2.0], np.nan)]
)
def test_one_number_that_is_not_finite_makes_it_no_model(weights, bias):
    with pytest.raises(DataError, match="diverge"):
        Model(weights, bias, ("a", "b"), "y")


@pytest.mark.parametrize("names", [("a", "a"), ()])
def test_features_have_names_of_their_own(names):
    with pytest.raises(DataError, match="each with a name of its own"):
        Model(np.zeros(len(names)), 0.0, names, "y")


def test_what_an_old_or_foreign_standardisation_holds_beside_is_told(tmp_path):
    path = tmp_path / "m.json"
    save(MODEL, path)
    plain = json.loads(path.read_text(encoding="utf-8"))
    plain["standardization"]["more"] = 1
    path.write_text(json.dumps(plain))
    with pytest.raises(DataError, match="damaged"):
        load(path)


def test_a_name_is_near_one_that_is_there_and_only_where_one_lacks():
    model = Model(np.array([2.0, -1.0, 0.5]), 0.5, ("a", "size", "rooms"), "y")
    table = np.arange(9.0).reshape(3, -1)
    with pytest.raises(DataError, match=r"lacks 'size', 'rooms' \(did you mean 'Size'\?\) and has also 'Size', 'q'"):
        model.align(Dataset.from_arrays(table, np.arange(3), ["a", "Size", "q"], "y"))
    with pytest.raises(DataError, match=r"the data lacks 'rooms'; choose"):
        model.align(Dataset.from_arrays(table[:, :2], np.arange(3), ["a", "size"], "y"))


def test_predictions_need_a_table_of_the_models_width():
    model = Model(np.array([2.0, -1.0]), 0.5, ("a", "b"), "y")
    for X in (np.zeros((3, 2, 1)), np.zeros((2, 3)), np.zeros(2)):
        with pytest.raises(DataError):
            model.predict(X)
