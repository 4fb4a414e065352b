"""Files of students on which `check` was seen to fail: each is told what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from handgrad.compare.check.file import check_file
from handgrad.reports.check.diagnosis import Diagnosis, diagnosis

STUDENTS = Path(__file__).parent / "students"


def told(name: str) -> Diagnosis:
    return diagnosis(check_file(STUDENTS / name))


@pytest.mark.parametrize("name", ["c1_fsum_right.py", "c4_moments_natural.py", "c5_minus_y_first.py"])
def test_what_wraps_around_is_a_note_unless_integers_count(name: str) -> None:
    found = told(name)
    assert found.correct, str(found)
    assert any("wrap around" in note for note in found.notes)
    counted = diagnosis(check_file(STUDENTS / name, integers=True))
    assert counted.mistakes == ("integers",)


@pytest.mark.parametrize(
    ("name", "mistake"),
    [
        ("a03_mean_twice.py", "mean-twice"),
        ("a04_alias_no_copy.py", "one-after-the-other"),
        ("a08_npsum_collapses.py", "one-number-for-all"),
        ("a09_momentum.py", "other-answers"),
        ("k15_mae.py", "absolute-error"),
        ("m22_where_ge.py", "absolute-error"),
        ("m34_clean_zip.py", "always-zero"),
        ("u01_n_minus_1.py", "one-row-fewer"),
        ("u05_forward_h_big.py", "numerical-difference"),
        ("u11_random_subsample.py", "other-answers"),
        ("u14_lr_inside.py", "constant-factor"),
        ("u15_L2_2lambda.py", "penalty-without-factor"),
        ("u21_swapped_order.py", "swapped-answer"),
        ("u22_bias_sum_two_missing.py", "one-block-only"),
        ("u28_momentum_inside.py", "other-answers"),
        ("u29_grad_wrt_y.py", "by-prediction"),
        ("u40_n_gt_1000.py", "of-no-known-kind"),
        ("u47_returns_updated_params.py", "new-parameters"),
        ("u51_d_gt_7.py", "of-no-known-kind"),
    ],
)
def test_a_mistake_is_called_by_its_name(name: str, mistake: str) -> None:
    found = told(name)
    assert (found.correct, found.mistakes) == (False, (mistake,)), str(found)


@pytest.mark.parametrize(
    "name",
    [
        "m03_args_w_b_X_y.py",
        "m06_toplevel_training_6s.py",
        "ok30_ng_name.py",
        "folder_with_random/ex.py",
        "folder_with_random/mueller.py",
    ],
)
def test_what_is_right_is_not_accused(name: str) -> None:
    assert told(name).correct, str(told(name))


def test_a_loss_beside_a_gradient_is_looked_at() -> None:
    found = told("c9_ng_2m.py")
    assert found.correct, str(found)
    assert found.explanation.startswith("Correct for the loss (1/2n) Σ r²")
    other = told("m01_right_gradient_wrong_loss.py")
    assert not other.correct
    assert "Held against the loss (1/2n) Σ r² that stands beside it" in other.explanation


def test_the_constant_is_told() -> None:
    assert "0.01 times the right one" in told("u14_lr_inside.py").explanation
    assert "not λW" not in told("u15_L2_2lambda.py").mathematics
