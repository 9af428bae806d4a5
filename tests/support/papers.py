"""Papers that no rule file covers, each with one trap of real documents: name -> text, expected fields."""

from __future__ import annotations

PAPERS = {
    "two digits for a year stand first on a Chinese page": (
        """
        样例餐厅 结账单
        结账时间：18-12-06 11:23
        合计：              58.00
        """,
        "date=2018-12-06 total=58.00",
    ),
    "the customer's VAT number stands first": (
        """
        Kundennummer: K0300111222
        USt-IdNr.: DE129273398
        Rechnungsnummer: R0001234567
        Rechnungsdatum: 21.02.2017
        Netto                  50,00 €
        USt. (19 %)             9,50 €
        Brutto                 59,50 €
        Probe Hosting GmbH
        USt-IdNr: DE136695976
        """,
        "invoice_no=R0001234567 date=2017-02-21 seller_tax_no=DE136695976 buyer_tax_no=DE129273398"
        " net=50.00 tax=9.50 total=59.50",
    ),
    "a state without a ZIP code puts the month first": (
        """
        RIVER MARKET
        DENVER, CO
        11/06/2019  09:12 AM
        SUBTOTAL           $899.50
        TAX                 $71.96
        TOTAL              $971.46
        """,
        "date=2019-11-06 net=899.50 tax=71.96 total=971.46",
    ),
    "another date settles the order of day and month": (
        """
        Exemple Fleuve SARL
        Invoice FA-2018-0011
        Invoice Date 09/04/2018
        Due Date 10/04/2018
        Net total           1,312.40
        Tax total               0.00
        Total               1,312.40
        Paid on 09/18/2018
        """,
        "invoice_no=FA-2018-0011 date=2018-09-04 net=1312.40 tax=0.00 total=1312.40",
    ),
    "a day over twelve outweighs a state": (
        """
        Southfield Supplies Ltd
        1912 Orchard Lane, New York, NY 12210
        INVOICE
        Invoice No: SS-10334
        Invoice Date: 07/03/2020
        Due Date: 27/03/2020
        Subtotal             $80.00
        Tax                   $8.00
        Total                $88.00
        """,
        "invoice_no=SS-10334 date=2020-03-07 net=80.00 tax=8.00 total=88.00",
    ),
    "the order's date is not the invoice's": (
        """
        Specimen Retail Services
        INVOICE
        Invoice No: KLR-4321
        Order Date: 02-11-2016
        Invoice Date: 09-11-2016
        Tax                      12.20
        Grand Total              98.60
        """,
        "invoice_no=KLR-4321 date=2016-11-09 tax=12.20 total=98.60",
    ),
    "a due date beside the date of issue in a table": (
        """
        Firm Name                 TAX INVOICE
        Invoice Number            Invoice Date
        0042/25-26                11-Jun-25
        Place of Supply           Due date
        07 - Delhi                26-Jun-25
        Taxable Amount            1,000.00
        IGST                        180.00
        Total                     1,180.00
        """,
        "invoice_no=0042/25-26 date=2025-06-11 net=1000.00 tax=180.00 total=1180.00",
    ),
    "a previous balance is not owed for this invoice": (
        """
        FABRIKAM LTD               INVOICE
        INVOICE: FB-207
        DATE: 10/17/2018
        SUBTOTAL                   $300.00
        SALES TAX                   $24.00
        TOTAL                      $324.00
        PREVIOUS BALANCE           $120.00
        TOTAL DUE                  $444.00
        """,
        "invoice_no=FB-207 date=2018-10-17 net=300.00 tax=24.00 total=324.00",
    ),
    "a balance of nothing is not the total": (
        """
        FABRIKAM RECEIPT
        Receipt Number 778812
        Receipt Date 02/14/2023
        Total Charges              $455.00
        Payment                    $455.00
        Balance Due                  $0.00
        """,
        "receipt_no=778812 date=2023-02-14 total=455.00",
    ),
    "a deposit is not the total": (
        """
        ANY COMPANY                Invoice
        Invoice Number INV-20077
        Date Issued 17/5/2022
        Subtotal                 $2,000.00
        Discount                  -$200.00
        Tax                        +$90.00
        Total                    $1,890.00
        Deposit Requested          $189.00
        Deposit Due                $189.00
        """,
        "invoice_no=INV-20077 date=2022-05-17 tax=90.00 total=1890.00",
    ),
    "lakh grouping": (
        """
        Fabrikam LTD
        Tax Invoice
        Invoice No: FBKM009911
        DATE: 30-11-2021
        SUBTOTAL                ₹ 4,50,000.00
        IGST                      ₹ 81,000.00
        Total                   ₹ 5,31,000.00
        """,
        "invoice_no=FBKM009911 date=2021-11-30 net=450000.00 tax=81000.00 total=531000.00",
    ),
    "apostrophes between thousands": (
        """
        Muster Treuhand AG
        Rechnung
        Rechnungsnummer: 21-0077
        Rechnungsdatum: 12.03.2021
        Total exkl. MWST       4'000.00
        MWST 7.7%                308.00
        Rechnungsbetrag CHF    4'308.00
        """,
        "invoice_no=21-0077 date=2021-03-12 net=4000.00 tax=308.00 total=4308.00",
    ),
    "amounts without cents": (
        """
        LODGE PAYMENT RECEIPT
        Date: 24/12/2018
        Room Charges            Rs 2450
        Grand Total             Rs 2450
        Balance                    Rs 0
        """,
        "date=2018-12-24 total=2450.00",
    ),
    "a total rounded to the whole rupee": (
        """
        SPECIMEN FREIGHT WORKS
        TAX INVOICE
        Invoice No. GST-1122-26  Invoice Date 11-Aug-2025
        Challan No 71
        Total                      2,949.90
        Taxable Amount             2,499.92
        Add : IGST                   449.98
        Total Tax                    449.98
        Total Amount After Tax     2,950.00
        """,
        "invoice_no=GST-1122-26 date=2025-08-11 net=2499.92 tax=449.98 total=2950.00",
    ),
    "without tax turns a total into a net amount": (
        """
        Anbieter GmbH
        Rechnungsnummer: 881204
        Rechnungsdatum: 14.06.2019
        USt.-Id.-Nr.: DE136695976
        Rechnungssumme ohne USt.    310,00
        Steuerbetrag                 58,90
        Bruttosumme                 368,90
        """,
        "invoice_no=881204 date=2019-06-14 seller_tax_no=DE136695976 net=310.00 tax=58.90 total=368.90",
    ),
    "number and date in one line of text": (
        """
        Probe Spiel GmbH
        Rechnung RE-20150611 vom 11.06.2015
        Nettobetrag                100,00 €
        USt 19 %                    19,00 €
        Gesamtbetrag               119,00 €
        """,
        "invoice_no=RE-20150611 date=2015-06-11 net=100.00 tax=19.00 total=119.00",
    ),
    "number and date joined by a stroke": (
        """
        Beispiel Bürobedarf GmbH
        Rechnung
        Rechnung Nr./Datum: 70202822/17.04.2024
        Nettobetrag                200,00 €
        MwSt. 19 %                  38,00 €
        Rechnungsbetrag            238,00 €
        """,
        "invoice_no=70202822 date=2024-04-17 net=200.00 tax=38.00 total=238.00",
    ),
    "taxes of two rates that nothing sums up": (
        """
        Beispiel GmbH
        Rechnungsnummer: 6012
        Rechnungsdatum: 02.07.2018
        Netto 7 %                   100,00
        MwSt 7 %                      7,00
        Netto 19 %                  200,00
        MwSt 19 %                    38,00
        Summe netto                 300,00
        Rechnungsbetrag             345,00
        """,
        "invoice_no=6012 date=2018-07-02 net=300.00 tax=45.00 total=345.00",
    ),
    "a table of rates whose sum has no label": (
        """
        BEISPIELLIEFERANT GMBH            RECHNUNG
        Beleg-Nr : R4410
        Beleg-Datum : 11.09.2014
        Nettobetrag    MwSt-Betrag    MwSt-%    Endbetrag
             100,00          19,00      19,0       119,00
             200,00          14,00       7,0       214,00
             300,00          33,00       EUR       333,00
        """,
        "invoice_no=R4410 date=2014-09-11 net=300.00 tax=33.00 total=333.00",
    ),
    "an amount with early payment discount is not the total": (
        """
        Beispiel GmbH
        Rechnungsnummer: 6013
        Rechnungsdatum: 02.07.2018
        Nettobetrag                 200,00
        MwSt 19 %                    38,00
        Gesamtbetrag                238,00
        Zahlbar bis 12.07.2018 mit 2 % Skonto: Gesamtbetrag 233,24
        """,
        "invoice_no=6013 date=2018-07-02 net=200.00 tax=38.00 total=238.00",
    ),
    "an expiry date on a ticket": (
        """
        STATION SPECIMEN
        TICKET CLIENT
        TOTAL TTC  € 34,20
        Date d'expiration: 30/09/19
        12-05-2018 07:31
        """,
        "date=2018-05-12 total=34.20",
    ),
    "a date between a total and its amount": (
        """
        Specimen Cloud Services Invoice
        Invoice Number: 61112223
        Invoice Date: May 4 , 2015
        TOTAL AMOUNT DUE ON May 4 , 2015    $7.35
        Tax    $0.00
        """,
        "invoice_no=61112223 date=2015-05-04 total=7.35",
    ),
    "Italian": (
        """
        SPECIMEN S.R.L.
        Fattura n. 90210 del 03/06/2021
        Partita IVA 00743110157
        Imponibile         200,00
        IVA 22%             44,00
        Totale fattura     244,00 EUR
        """,
        "invoice_no=90210 date=2021-06-03 seller_tax_no=00743110157 net=200.00 tax=44.00 total=244.00",
    ),
    "Polish, with buyer and date of sale": (
        """
        Czerwony Sklep Sp. z o.o.
        ul. Leśna 7, 00-625 Warszawa
        NIP: 5260250274
        Faktura VAT nr FV/7/2024/03
        Data wystawienia: 2024-03-05
        Data sprzedaży: 2024-03-02
        Nabywca: Jan Kowalski
        Razem netto:       200,00 zł
        VAT 23%:            46,00 zł
        Do zapłaty:        246,00 zł
        """,
        "invoice_no=FV/7/2024/03 date=2024-03-05 seller_tax_no=5260250274 net=200.00 tax=46.00 total=246.00",
    ),
    "Spanish": (
        """
        Ejemplo Suministros S.L.
        Factura nº: F-2021/118
        Fecha de factura: 14/05/2021
        Base imponible     300,00 €
        IVA 21%             63,00 €
        Total factura      363,00 €
        """,
        "invoice_no=F-2021/118 date=2021-05-14 net=300.00 tax=63.00 total=363.00",
    ),
    "Dutch": (
        """
        FACTUUR                    Voorbeeld Webwinkel B.V.
        Factuurnummer: 300417001
        Klantnummer: 7654321
        Factuurdatum: 17 mei 2021
        Orderdatum: 16 mei 2021
        Exclusief BTW           € 200,00
        BTW 21%                  € 42,00
        Totaal                  € 242,00
        """,
        "invoice_no=300417001 date=2021-05-17 net=200.00 tax=42.00 total=242.00",
    ),
    "a receipt with cash and change": (
        """
        HARBOUR GROCERY
        22 Quay Street, Austin
        Date 03/27/2022 18:40
        MILK                2.10
        BREAD               3.40
        SUBTOTAL            5.50
        TAX                 0.45
        TOTAL               5.95
        CASH               10.00
        CHANGE              4.05
        """,
        "date=2022-03-27 net=5.50 tax=0.45 total=5.95",
    ),
    "an account number on a bill": (
        """
        SPECIMEN POWER BILL
        12 Lake Road
        Spring Valley NY 10977
        If you have questions about this bill, call
        toll-free 1-800-555-0177
        BILLING DATE 03/14/11
        ACCOUNT NUMBER 11223-44556
        TOTAL AMOUNT DUE $88.15
        """,
        "date=2011-03-14 total=88.15",
    ),
    "a number of two digits beside a clear label": (
        """
        Eastfield Supplies Ltd
        INVOICE
        Invoice Number: 27
        P.O. Number: PO77120
        Invoice Date: 3 March 2023
        Subtotal            $40.00
        Tax                  $4.00
        Total               $44.00
        """,
        "invoice_no=27 date=2023-03-03 net=40.00 tax=4.00 total=44.00",
    ),
    "a tip leads from the subtotal to the total": (
        """
        Harbour Street Grill
        Date: 03/16/2019  7:41 PM  Springfield, IL 62701
        Sub Total           $41.10
        Tip                  $6.20
        Total               $47.30
        """,
        "date=2019-03-16 net=41.10 total=47.30",
    ),
    "the customer is spoken to before a tax number": (
        """
        Muster Papier AG
        Rechnungsnr.: RE-771
        Rechnungsdatum: 13.12.2019
        Ihre USt-IdNr.  DE129273398
        Summe netto               100,00
        Mehrwertsteuer 19 %        19,00
        Rechnungsbetrag           119,00
        Bitte zahlen Sie auf unser Konto bei der Musterbank in Musterstadt.
        USt-ID: DE136695976
        """,
        "seller_tax_no=DE136695976 buyer_tax_no=DE129273398 net=100.00 tax=19.00 total=119.00",
    ),
}
