"""Plain words: the same points in every language, short sentences, no empty text."""

import re

import pytest

from halfcircle.errors import StudyError
from halfcircle.regions.half_circle_texts import LANGUAGES, explanation


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_says_the_same_things(language):
    texts = explanation(language)
    assert list(texts) == list(explanation("en"))
    assert all(text.strip() == text and text for text in texts.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_are_short(language):
    for key, text in explanation(language).items():
        for sentence in re.split(r"(?<=[.?])\s", text):
            assert len(sentence.split()) <= 27, (key, sentence)
        assert len(text.split()) <= 75, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_numbers_are_the_same_in_every_language(language):
    for key, text in explanation(language).items():
        plain = text.replace(".000", ",000")
        numbers = re.findall(r"\d[\d,]*\d|\d", plain)
        assert numbers == re.findall(r"\d[\d,]*\d|\d", explanation("en")[key]), key


def test_unknown_language():
    with pytest.raises(StudyError, match="not explained in 'fr' - known: de, en, nl"):
        explanation("fr")
