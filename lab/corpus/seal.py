"""Red seals: the tax administration's on the form, the seller's over the print."""

from __future__ import annotations

from lab.corpus.parties import Party
from lab.corpus.sheet import Arc, Ellipse, Sheet, Text

_MUNICIPALITIES = ("北京", "上海", "天津", "重庆")


def supervision_seal(sheet: Sheet, centre: tuple[float, float], province: str) -> None:
    """The oval of the tax administration, part of the form."""
    x, y = centre
    sheet.add(Ellipse("seal", centre, (15.0, 9.8), 0.5), Ellipse("seal", centre, (14.2, 9.0), 0.2))
    sheet.add(Arc("seal", centre, (12.0, 6.9), "全国统一发票监制章", "kai", 2.7, -82, 82))
    sheet.add(Text("seal", x, y + 1.1, "国家税务总局", "kai", 2.8, "middle", spread=17))
    office = f"{province}{'市' if province in _MUNICIPALITIES else '省'}税务局"
    sheet.add(Arc("seal", centre, (12.0, 7.2), office, "kai", 2.5, 222, 138, feet_out=True))


def company_seal(sheet: Sheet, centre: tuple[float, float], party: Party) -> None:
    """The seller's seal for invoices, stamped over whatever is there."""
    x, y = centre
    sheet.add(Ellipse("stamp", centre, (20.0, 14.5), 0.9))
    reach = min(118, 9 * len(party.name))
    sheet.add(Arc("stamp", centre, (16.6, 11.2), party.name, "song", 3.3, -reach, reach))
    sheet.add(Text("stamp", x, y + 1.2, party.tax_no, "sans", 2.5, "middle", spread=28))
    sheet.add(Text("stamp", x, y + 8.2, "发票专用章", "song", 3.7, "middle", spread=21))
