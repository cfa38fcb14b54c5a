"""Three tests for pytest, of which the second fails."""
import torch


def attend(query, key):
    return torch.bmm(query, key.transpose(1, 2))  # FAIL HERE


def test_same_width():
    assert attend(torch.ones(2, 3, 4), torch.ones(2, 5, 4)).shape == (2, 3, 5)


def test_other_width():
    attend(torch.ones(2, 3, 4), torch.ones(2, 5, 6))


def test_expected_failure():
    try:
        attend(torch.ones(2, 3, 4), torch.ones(3, 5, 4))
    except RuntimeError as error:
        assert "Expected size" in str(error)
