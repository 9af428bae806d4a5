"""Invoices, receipts and credit notes in languages of Europe: language and kind -> text, expected fields.

Names and numbers are made up; check digits are right.
"""

from __future__ import annotations

EUROPEAN_PAPERS = {
    "cs invoice": (
        """
        Faktura - daňový doklad č. 240117
        Dodavatel: Javor Nábytek s.r.o.
        Lipová 3, 602 00 Brno
        IČO: 27700101   DIČ: CZ27700101
        Odběratel: Jan Novotný
        DIČ: CZ61200352
        Variabilní symbol: 88240117
        Datum vystavení: 5. března 2024
        Datum zdanitelného plnění: 4. 3. 2024
        Datum splatnosti: 19. 3. 2024
        Základ daně        10 250,00 Kč
        DPH 21 %            2 152,50 Kč
        Celkem k úhradě    12 402,50 Kč
        """,
        "kind=invoice invoice_no=240117 date=2024-03-05 seller_tax_no=CZ27700101 buyer_tax_no=CZ61200352"
        " net=10250.00 tax=2152.50 total=12402.50 currency=CZK",
    ),
    "cs receipt": (
        """
        Pekarna U Mlyna
        Zjednodusený danovy doklad
        DIC: CZ27700101
        Uctenka c. 4471
        Datum: 14.6.2024 08:12
        Zaklad 12 %         89,29
        DPH 12 %            10,71
        Celkem             100,00 Kč
        Hotove             200,00
        Vraceno            100,00
        """,
        "kind=receipt receipt_no=4471 date=2024-06-14 tax_no=CZ27700101 net=89.29 tax=10.71 total=100.00 paid=200.00"
        " change=100.00",
    ),
    "sk invoice": (
        """
        FAKTÚRA č. 2024/0311
        Dodávateľ: Jaseň Servis s.r.o.
        IČO: 36123456
        IČ DPH: SK2023456006
        Odberateľ: Mária Kováčová
        Variabilný symbol: 20240311
        Dátum vyhotovenia: 11.03.2024
        Dátum dodania: 08.03.2024
        Dátum splatnosti: 25.03.2024
        Spolu bez DPH       640,00 €
        DPH 20 %            128,00 €
        Celkom na úhradu    768,00 €
        """,
        "kind=invoice invoice_no=2024/0311 date=2024-03-11 seller_tax_no=SK2023456006 net=640.00 tax=128.00"
        " total=768.00",
    ),
    "sk credit note": (
        """
        Jaseň Servis s.r.o.
        DOBROPIS
        Dobropis č. D-2024-07
        IČ DPH: SK2120777010
        Dátum vystavenia: 2. mája 2024
        Základ dane        -50,00 €
        DPH 20 %           -10,00 €
        Spolu s DPH        -60,00 €
        """,
        "kind=credit-note invoice_no=D-2024-07 date=2024-05-02 seller_tax_no=SK2120777010 net=-50.00 tax=-10.00"
        " total=-60.00",
    ),
    "sv invoice": (
        """
        FAKTURA
        Granlund Verktyg AB
        Fakturanr: 30471
        Fakturadatum: 2024-02-19
        Förfallodatum: 2024-03-20
        Kundnr: 5512
        Er referens: Sven Ek
        Momsreg.nr: SE556987654201   Godkänd för F-skatt
        Exkl. moms           2 480,00
        Moms 25 %              620,00
        Öresavrundning           0,00
        Att betala           3 100,00 kr
        OCR: 3047188
        """,
        "kind=invoice invoice_no=30471 date=2024-02-19 seller_tax_no=SE556987654201 net=2480.00 tax=620.00"
        " total=3100.00"
        " currency=SEK",
    ),
    "sv receipt": (
        """
        Hörnets Kafé
        Org.nr 556901-2346
        KVITTO
        Kvittonr: 90218
        Datum: 24-03-07 12:44
        Total             125:-
        Varav moms 12 %    13,39
        Netto             111,61
        Kontant           200,00
        Växel              75,00
        """,
        "kind=receipt receipt_no=90218 date=2024-03-07 tax_no=556901-2346 net=111.61 tax=13.39 total=125.00"
        " paid=200.00 change=75.00",
    ),
    "da invoice": (
        """
        Klitgaard Møbler ApS
        CVR-nr. 31415918
        FAKTURA
        Fakturanr.: 10882
        Fakturadato: 12-04-2024
        Forfaldsdato: 26-04-2024
        Ordrenr.: 7761
        Momsgrundlag        4.800,00
        25 % moms           1.200,00
        I alt at betale     6.000,00 kr.
        """,
        "kind=invoice invoice_no=10882 date=2024-04-12 seller_tax_no=31415918 net=4800.00 tax=1200.00 total=6000.00"
        " currency=DKK",
    ),
    "da receipt": (
        """
        Bageren på Hjørnet
        CVR 27182801
        Kvittering
        Bon nr. 5512
        Dato 03-05-2024 09:31
        I ALT              1.250,-
        Heraf moms 25 %    250,00
        Dankort           1.250,00
        """,
        "kind=receipt receipt_no=5512 date=2024-05-03 tax_no=27182801 tax=250.00 total=1250.00",
    ),
    "nb invoice": (
        """
        Fjordglass AS
        Org.nr. 912 345 602 MVA
        FAKTURA
        Fakturanr: 20459
        Kundenr: 118
        Fakturadato: 08.05.2024
        Forfallsdato: 22.05.2024
        KID: 002045900118
        Sum eks. mva       kr 12 000,00
        MVA 25 %           kr 3 000,00
        Å betale           kr 15 000,00
        """,
        "kind=invoice invoice_no=20459 date=2024-05-08 seller_tax_no=912345602 net=12000.00 tax=3000.00 total=15000.00"
        " currency=NOK",
    ),
    "nb credit note": (
        """
        Fjordglass AS
        Foretaksregisteret NO 987 123 400 MVA
        KREDITNOTA
        Kreditnotanr: 881
        Dato: 17. oktober 2023
        Herav mva            -50,00
        Totalt              -250,00
        """,
        "kind=credit-note invoice_no=881 date=2023-10-17 seller_tax_no=987123400 tax=-50.00 total=-250.00",
    ),
    "fi invoice": (
        """
        Mäntysaha Oy
        Y-tunnus 2718282-8
        LASKU
        Laskun numero: 60412
        Päiväys: 4. kesäkuuta 2024
        Eräpäivä: 18.6.2024
        Viitenumero: 60412 5
        Veroton yhteensä       1 500,00
        ALV 24 %                 360,00
        Maksettavaa yhteensä   1 860,00 €
        """,
        "kind=invoice invoice_no=60412 date=2024-06-04 seller_tax_no=2718282-8 net=1500.00 tax=360.00 total=1860.00",
    ),
    "fi receipt": (
        """
        Kahvila Rantatie
        ALV-numero FI31415938
        KUITTI
        Kuittinro 771
        Pvm 21.01.2024 10:15
        YHTEENSÄ            11,40
        ALV 14 %             1,40
        Veroton             10,00
        Käteinen            20,00
        Takaisin             8,60
        """,
        "kind=receipt receipt_no=771 date=2024-01-21 tax_no=FI31415938 net=10.00 tax=1.40 total=11.40 paid=20.00"
        " change=8.60",
    ),
    "hu invoice": (
        """
        SZÁMLA
        Számla sorszáma: TK-2024/51
        Eladó: Tölgyfa Kft.
        Adószám: 14142149-2-13
        Vevő: Szabó Anna
        Számla kelte: 2024. március 11.
        Teljesítés: 2024.03.08.
        Fizetési határidő: 2024.03.19.
        Nettó összesen       250 000
        ÁFA 27 %              67 500
        Fizetendő összesen   317 500 Ft
        """,
        "kind=invoice invoice_no=TK-2024/51 date=2024-03-11 seller_tax_no=14142149-2-13 net=250000.00 tax=67500.00"
        " total=317500.00 currency=HUF",
    ),
    "hu receipt": (
        """
        Sarki Bolt Bt.
        Adószám: 24681360-1-42
        NYUGTA
        Nyugtaszám: 00412
        Dátum: 2024.07.02. 17:20
        ÖSSZESEN           2 540 Ft
        Készpénz           3 000 Ft
        Visszajáró           460 Ft
        """,
        "kind=receipt receipt_no=00412 date=2024-07-02 tax_no=24681360-1-42 total=2540.00 paid=3000.00 change=460.00",
    ),
    "ro invoice": (
        """
        FACTURĂ FISCALĂ
        Seria și nr.: BRD 00721
        Furnizor: Bradul Verde S.R.L.
        Nr. Reg. Com.: J40/1234/2015
        CIF: RO31415903
        Cumpărător: Elena Radu
        Data emiterii: 15 aprilie 2024
        Data scadenței: 30.04.2024
        Total fără TVA       2.000,00 lei
        TVA 19 %               380,00 lei
        Total de plată       2.380,00 lei
        """,
        "kind=invoice date=2024-04-15 seller_tax_no=RO31415903 net=2000.00 tax=380.00 total=2380.00 currency=RON",
    ),
    "ro receipt": (
        """
        Brutăria Veche S.R.L.
        C.I.F.: 17320506
        BON FISCAL
        Bon nr. 0093
        Data: 09.02.2024
        TOTAL TVA             1,62
        TOTAL LEI            19,62
        NUMERAR              20,00
        REST                  0,38
        """,
        "kind=receipt receipt_no=0093 date=2024-02-09 tax_no=17320506 tax=1.62 total=19.62 paid=20.00 change=0.38",
    ),
    "hr invoice": (
        """
        Račun br. 118-1-1
        Borovina d.o.o.
        OIB: 27182818200
        Kupac: Marko Babić
        Datum izdavanja: 12. listopada 2023.
        Rok plaćanja: 27.10.2023.
        Poziv na broj: 118-2023
        Osnovica            400,00 €
        PDV 25 %            100,00 €
        Ukupno za platiti   500,00 €
        """,
        "kind=invoice invoice_no=118-1-1 date=2023-10-12 seller_tax_no=27182818200 net=400.00 tax=100.00 total=500.00",
    ),
    "hr receipt": (
        """
        Pekara Sunce
        OIB: 31415926506
        Maloprodajni račun
        Račun br. 2204
        Datum: 06.06.2024. 07:58
        UKUPNO                7,50 EUR
        PDV 25 %              1,50
        Gotovina             10,00
        Povrat                2,50
        """,
        "kind=receipt receipt_no=2204 date=2024-06-06 tax_no=31415926506 tax=1.50 total=7.50 paid=10.00 change=2.50",
    ),
    "sl invoice": (
        """
        RAČUN št. 2024-88
        Hrastov List d.o.o.
        ID za DDV: SI31415903
        Kupec: Maja Kos
        Datum izdaje: 3.9.2024
        Datum opravljene storitve: 2.9.2024
        Rok plačila: 18.9.2024
        Sklic: SI00 2024-88
        Skupaj brez DDV      300,00
        DDV 22 %              66,00
        Za plačilo           366,00 EUR
        """,
        "kind=invoice invoice_no=2024-88 date=2024-09-03 seller_tax_no=SI31415903 net=300.00 tax=66.00 total=366.00",
    ),
    "sl credit note": (
        """
        Hrastov List d.o.o.
        DOBROPIS
        Dobropis št. 12-2024
        ID za DDV: SI57721505
        Datum: 11. julij 2024
        Osnova               -20,00
        DDV 22 %              -4,40
        Skupaj z DDV         -24,40 EUR
        """,
        "kind=credit-note invoice_no=12-2024 date=2024-07-11 seller_tax_no=SI57721505 net=-20.00 tax=-4.40"
        " total=-24.40",
    ),
    "lv invoice": (
        """
        RĒĶINS Nr. 2024-118
        SIA Ozola Darbnīca
        PVN reģ. Nr. LV40003521600
        Pircējs: Anna Kalniņa
        Rēķina datums: 2024. gada 5. martā
        Apmaksas termiņš: 19.03.2024
        Summa bez PVN       200,00
        PVN 21 %             42,00
        Kopā apmaksai       242,00 EUR
        """,
        "kind=invoice invoice_no=2024-118 date=2024-03-05 seller_tax_no=LV40003521600 net=200.00 tax=42.00"
        " total=242.00 currency=EUR",
    ),
    "lv receipt": (
        """
        SIA Bērza Veikals
        Kase Nr. 03
        PVN maksātāja numurs: LV40003521600
        Čeks
        Maize rudzu              1,60 A
        Piens 2,5% 1l            1,20 A
        Samaksai EUR             2,80
        Nodoklis   Ar PVN   Bez PVN   PVN summa
        A 21,00 %  2,80     2,31      0,49
        Skaidra nauda            5,00
        Atlikums                 2,20
        Dok. Nr.: 162/1653
        2024-02-09 09:31:48
        """,
        "kind=receipt receipt_no=162/1653 date=2024-02-09 net=2.31 tax=0.49 total=2.80 paid=5.00 change=2.20",
    ),
    "lt invoice": (
        """
        PVM SĄSKAITA FAKTŪRA
        Serija ABC Nr. 10442
        2024 m. kovo 5 d.
        Pardavėjas: UAB Ąžuolo Baldai
        PVM mokėtojo kodas: LT119511515
        Pirkėjas: Jonas Petraitis
        Apmokėti iki: 2024-03-19
        Suma be PVM         100,00
        PVM 21 %             21,00
        Bendra suma su PVM  121,00 EUR
        """,
        "kind=invoice date=2024-03-05 seller_tax_no=LT119511515 net=100.00 tax=21.00 total=121.00 currency=EUR",
    ),
    "lt receipt": (
        """
        UAB Liepos Parduotuvė
        PVM mokėtojo kodas LT119511515
        KASOS ČEKIS
        Kvito Nr. 8812
        Duona               1,45
        Pienas              1,15
        Mokėti              2,60
        Grynieji            5,00
        Grąža               2,40
        2024-04-11 17:05
        """,
        "kind=receipt date=2024-04-11 receipt_no=8812 total=2.60 paid=5.00 change=2.40",
    ),
    "et invoice": (
        """
        ARVE nr 4410
        Kuusemets OÜ
        Registrikood 12345678
        KMKR nr EE101234500
        Ostja: Kadri Saar
        Arve kuupäev: 7. veebruar 2024
        Maksetähtaeg: 21.02.2024
        Viitenumber: 44107
        Summa km-ta          500,00
        Käibemaks 22 %       110,00
        Kokku tasuda         610,00 EUR
        """,
        "kind=invoice invoice_no=4410 date=2024-02-07 seller_tax_no=EE101234500 net=500.00 tax=110.00 total=610.00",
    ),
    "et credit note": (
        """
        Kuusemets OÜ
        KREEDITARVE
        Kreeditarve nr 17
        KMKR: EE100271807
        Kuupäev: 04.03.2024
        Summa käibemaksuta  -100,00
        Käibemaks            -22,00
        Kokku koos käibemaksuga  -122,00
        """,
        "kind=credit-note invoice_no=17 date=2024-03-04 seller_tax_no=EE100271807 net=-100.00 tax=-22.00 total=-122.00",
    ),
    "tr invoice": (
        """
        FATURA
        Çınar Mobilya Ltd. Şti.
        Vergi Dairesi: Kadıköy
        VKN: 3141592601
        Sayın Ayşe Demir
        Fatura No: CNR2024000000071
        Fatura Tarihi: 5 Şubat 2024
        Son Ödeme Tarihi: 20.02.2024
        Mal Hizmet Toplam Tutarı      4.000,00 TL
        Hesaplanan KDV (%20)            800,00 TL
        Vergiler Dahil Toplam Tutar   4.800,00 TL
        Ödenecek Tutar                4.800,00 TL
        """,
        "kind=invoice invoice_no=CNR2024000000071 date=2024-02-05 seller_tax_no=3141592601 net=4000.00 tax=800.00"
        " total=4800.00 currency=TRY",
    ),
    "tr receipt": (
        """
        Köşe Market A.Ş.
        VKN: 2718281809
        FİŞ NO: 0042
        TARİH: 18.08.2024
        TOPKDV               10,00
        TOPLAM              110,00
        NAKİT               200,00
        PARA ÜSTÜ            90,00
        """,
        "kind=receipt receipt_no=0042 date=2024-08-18 tax_no=2718281809 tax=10.00"
        " total=110.00 paid=200.00 change=90.00",
    ),
}

GERMAN_PAPER = """
        Muster Handel GmbH
        RECHNUNG
        Rechnung Nr.: FA8206
        22. Juli 2024
        Nettobetrag      100,00
        MWST 19 %         19,00
        Gesamtbetrag     119,00
        Muster Handel GmbH  Tel. 0533 9619244
        """
"""A word of its name is like the Turkish one for a customer."""
