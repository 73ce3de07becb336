"""Characters a reader does not see, or sees where they are not, and the marks that show them."""

import re
import unicodedata

MOST_ACCENTS = 4
MOST_NAMED = 4

# Joined character classes for `re`; the sources are Unicode's DerivedCoreProperties
# (Default_Ignorable_Code_Point), category C, and blank characters that are no spaces.
_HIDDEN = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u070f\u115f\u1160\u1680\u17b4\u17b5\u180b-\u180f"
    "\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\uf8ff\ufdd0-\ufdef\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\U00013430-\U0001345f\U00016fe4\U0001bca0-\U0001bca3"
    "\U0001d159\U0001d173-\U0001d17a\U000e0000-\U0010ffff"
    + "".join(f"{chr((plane << 16) | 0xFFFE)}-{chr((plane << 16) | 0xFFFF)}" for plane in range(1, 14))
)
"""Strokes through the letter before: text that looks struck out."""
_STROKES = "\u0334-\u0338\u0489\u20d2\u20d3\u20d8-\u20da\u20dd-\u20df\u20e0-\u20e2\u20e4-\u20e6\u20ea\u20eb"
