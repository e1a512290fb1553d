"""What was typed on the call sheet, as a form keeps it (app/care/forms.py), and back. Nothing is judged here, nothing is dropped.

Names on the page: ``block`` each block that was sent, ``f-<question>`` the answer, ``n-<question>`` why it was not asked, ``m-<measure>``;
of a side effect ``term-<place>``, ``grade-<place>`` and ``since-<place>``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.datastructures import FormData

from app.care import forms
from app.care.document import Form, FormField
from app.treatment import measures
from app.web.patient.prescription import whole

MOST_EFFECTS = 40
"""Side effects read from one sheet: more than any treatment's list."""
YES_NO = {"yes": True, "no": False}


def answers_of(form: Form, kept: Mapping[str, Any], values: FormData, covered: Mapping[str, Any], none_told: bool) -> dict[str, Any]:
    """The whole form as typed. kept: what stands for the blocks that were not sent, for one block is kept by itself while it is typed in.

    covered: what a question of the protocol answers already. none_told: each effect was asked, and none is there.
    """
    sent = set(values.getlist("block"))
    typed_in = {field.key for block in form.blocks if block.key in sent for field in block.fields}
    found: dict[str, Any] = {}
    for key, field in forms.fields_of(form).items():
        if key not in typed_in and key not in covered:
            if key in kept:
                found[key] = kept[key]
            continue
        value = covered.get(key) if key in covered else _value(field, values)
        if field.kind == "symptoms" and value in forms.EMPTY and none_told:
            value = forms.NONE_TOLD
        why = _text(values, f"n-{key}")
        if value in forms.EMPTY and why:
            value = {forms.NOT_ASKED: why}
        if value not in forms.EMPTY:
            found[key] = value
    return found


def _value(field: FormField, values: FormData) -> Any:
    if field.kind == "symptoms":
        return _effects(values)
    if field.kind == "measures":
        return {kind: typed for kind in measures.PLAUSIBLE if (typed := _text(values, f"m-{kind}"))}
    if field.kind == "choices":
        return list(dict.fromkeys(one for one in values.getlist(f"f-{field.key}") if isinstance(one, str) and one))
    typed = _text(values, f"f-{field.key}")
    return YES_NO.get(typed, typed) if field.kind == "yes_no" else typed


def _effects(values: FormData) -> list[dict[str, Any]]:
    """Every line that names an effect, with its grade as chosen: one without a grade is refused at the close, never lost (AMA-3)."""
    found = []
    for place in range(MOST_EFFECTS):
        term, grade = _text(values, f"term-{place}"), _text(values, f"grade-{place}")
        if term:
            found.append(
                {"term": term, "grade": grade if (number := whole(grade)) is None else number, "since": _text(values, f"since-{place}")}
            )
    return found


def _text(values: FormData, name: str) -> str:
    value = values.get(name)
    return value.strip() if isinstance(value, str) else ""


def why_not_asked(value: Any) -> str:
    """The reason kept where a question was left out."""
    return str(value[forms.NOT_ASKED]) if forms.is_not_asked(value) else ""


def as_typed(value: Any) -> str:
    """One answer as its field shows it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None or isinstance(value, Mapping | list) else str(value)
