"""Makers of e-invoices: XML of every format, OFD packages, signed files, and PDFs with XML inside.

One invoice in all of them: two lines, 100.00 and 50.00 net, 19 % tax, 178.50 in all.
"""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping

import pypdfium2

from lab.corpus.pdf import PdfPage, Text, paragraph, pdf

NUMBER, DAY = "RE-2026-0815", "2026-03-09"
NET, TAX, TOTAL = "150.00", "28.50", "178.50"
SELLER, SELLER_TAX_NO = "Nordlicht Lampen GmbH", "DE136695976"
BUYER, BUYER_TAX_NO = "Büro Süd KG", "ATU12345675"

_CII_NAMESPACES = (
    'xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" '
    'xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" '
    'xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100"'
)
_UBL_NAMESPACES = (
    'xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" '
    'xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"'
)


def _cii_party(role: str, name: str, tax_no: str) -> str:
    return (
        f"<ram:{role}TradeParty><ram:Name>{name}</ram:Name><ram:SpecifiedTaxRegistration>"
        f'<ram:ID schemeID="FC">201/113/40209</ram:ID></ram:SpecifiedTaxRegistration><ram:SpecifiedTaxRegistration>'
        f'<ram:ID schemeID="VA">{tax_no}</ram:ID></ram:SpecifiedTaxRegistration></ram:{role}TradeParty>'
    )


def _cii_line(name: str, quantity: str, price: str, amount: str) -> str:
    return (
        "<ram:IncludedSupplyChainTradeLineItem>"
        f"<ram:SpecifiedTradeProduct><ram:Name>{name}</ram:Name></ram:SpecifiedTradeProduct>"
        f"<ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount>{price}</ram:ChargeAmount>"
        "</ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement><ram:SpecifiedLineTradeDelivery>"
        f'<ram:BilledQuantity unitCode="H87">{quantity}</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>'
        "<ram:SpecifiedLineTradeSettlement><ram:ApplicableTradeTax><ram:RateApplicablePercent>19.00"
        "</ram:RateApplicablePercent></ram:ApplicableTradeTax><ram:SpecifiedTradeSettlementLineMonetarySummation>"
        f"<ram:LineTotalAmount>{amount}</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation>"
        "</ram:SpecifiedLineTradeSettlement></ram:IncludedSupplyChainTradeLineItem>"
    )


def cii(number: str = NUMBER, *, tax: str = TAX, total: str = TOTAL, type_code: str = "380") -> bytes:
    """Write an invoice as CII, version 2."""
    return (
        f"<?xml version='1.0' encoding='UTF-8'?><rsm:CrossIndustryInvoice {_CII_NAMESPACES}>"
        f"<rsm:ExchangedDocument><ram:ID>{number}</ram:ID><ram:TypeCode>{type_code}</ram:TypeCode>"
        '<ram:IssueDateTime><udt:DateTimeString format="102">20260309</udt:DateTimeString></ram:IssueDateTime>'
        "</rsm:ExchangedDocument><rsm:SupplyChainTradeTransaction>"
        + _cii_line("Lampe", "2.0000", "50.0000", "100.00")
        + _cii_line("Kabel &amp; Stecker", "10.0000", "5.0000", "50.00")
        + f"<ram:ApplicableHeaderTradeAgreement>{_cii_party('Seller', SELLER, SELLER_TAX_NO)}"
        f"{_cii_party('Buyer', BUYER, BUYER_TAX_NO)}<ram:BuyerOrderReferencedDocument><ram:IssuerAssignedID>B-77"
        "</ram:IssuerAssignedID></ram:BuyerOrderReferencedDocument></ram:ApplicableHeaderTradeAgreement>"
        "<ram:ApplicableHeaderTradeDelivery><ram:ActualDeliverySupplyChainEvent><ram:OccurrenceDateTime>"
        '<udt:DateTimeString format="102">20260305</udt:DateTimeString></ram:OccurrenceDateTime>'
        "</ram:ActualDeliverySupplyChainEvent></ram:ApplicableHeaderTradeDelivery>"
        "<ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>"
        f"<ram:ApplicableTradeTax><ram:CalculatedAmount>{TAX}</ram:CalculatedAmount><ram:BasisAmount>{NET}"
        "</ram:BasisAmount><ram:RateApplicablePercent>19.00</ram:RateApplicablePercent></ram:ApplicableTradeTax>"
        "<ram:SpecifiedTradePaymentTerms><ram:DueDateDateTime>"
        '<udt:DateTimeString format="102">20260408</udt:DateTimeString></ram:DueDateDateTime>'
        "</ram:SpecifiedTradePaymentTerms><ram:SpecifiedTradeSettlementHeaderMonetarySummation>"
        f'<ram:TaxBasisTotalAmount>{NET}</ram:TaxBasisTotalAmount><ram:TaxTotalAmount currencyID="CHF">27.00'
        f'</ram:TaxTotalAmount><ram:TaxTotalAmount currencyID="EUR">{tax}</ram:TaxTotalAmount>'
        f"<ram:GrandTotalAmount>{total}</ram:GrandTotalAmount><ram:DuePayableAmount>{total}</ram:DuePayableAmount>"
        "</ram:SpecifiedTradeSettlementHeaderMonetarySummation></ram:ApplicableHeaderTradeSettlement>"
        "</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"
    ).encode()


def zugferd1() -> bytes:
    """Write the invoice as CII, version 1, whose elements have other names."""
    return (
        cii()
        .replace(b"CrossIndustryInvoice ", b"CrossIndustryDocument ")
        .replace(b"</rsm:CrossIndustryInvoice>", b"</rsm:CrossIndustryDocument>")
        .replace(b"rsm:ExchangedDocument", b"rsm:HeaderExchangedDocument")
        .replace(b"rsm:SupplyChainTrade", b"rsm:SpecifiedSupplyChainTrade")
        .replace(b"ram:ApplicableHeaderTrade", b"ram:ApplicableSupplyChainTrade")
        .replace(b"ram:SpecifiedLineTrade", b"ram:SpecifiedSupplyChainTrade")
        .replace(b"ram:SpecifiedTradeSettlementHeaderMonetary", b"ram:SpecifiedTradeSettlementMonetary")
        .replace(b"ram:SpecifiedTradeSettlementLineMonetary", b"ram:SpecifiedTradeSettlementMonetary")
        .replace(b"RateApplicablePercent", b"ApplicablePercent")
        .replace(b"IssuerAssignedID", b"ID")
    )


def _ubl_party(role: str, name: str, tax_no: str) -> str:
    return (
        f"<cac:{role}><cac:Party><cac:PartyName><cbc:Name>{name} (brand)</cbc:Name></cac:PartyName>"
        f"<cac:PartyTaxScheme><cbc:CompanyID>0815</cbc:CompanyID><cac:TaxScheme><cbc:ID>FC</cbc:ID></cac:TaxScheme>"
        f"</cac:PartyTaxScheme><cac:PartyTaxScheme><cbc:CompanyID>{tax_no}</cbc:CompanyID><cac:TaxScheme><cbc:ID>VAT"
        f"</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme><cac:PartyLegalEntity><cbc:RegistrationName>{name}"
        f"</cbc:RegistrationName></cac:PartyLegalEntity></cac:Party></cac:{role}>"
    )


def _ubl_line(noun: str, quantity_noun: str, cells: tuple[str, str, str, str]) -> str:
    name, quantity, price, amount = cells
    return (
        f"<cac:{noun}Line><cbc:{quantity_noun}>{quantity}</cbc:{quantity_noun}>"
        f"<cbc:LineExtensionAmount>{amount}</cbc:LineExtensionAmount><cac:Item><cbc:Name>{name}</cbc:Name>"
        "<cac:ClassifiedTaxCategory><cbc:Percent>19</cbc:Percent></cac:ClassifiedTaxCategory></cac:Item>"
        f"<cac:Price><cbc:PriceAmount>{price}</cbc:PriceAmount></cac:Price></cac:{noun}Line>"
    )


def ubl(noun: str = "Invoice", number: str = NUMBER) -> bytes:
    """Write an invoice as UBL 2.1; ``noun`` may be ``CreditNote``."""
    quantity = "InvoicedQuantity" if noun == "Invoice" else "CreditedQuantity"
    code = "380" if noun == "Invoice" else "381"
    return (
        f"<{noun} xmlns='urn:oasis:names:specification:ubl:schema:xsd:{noun}-2' {_UBL_NAMESPACES}>"
        f"<cbc:ID>{number}</cbc:ID><cbc:IssueDate>{DAY}</cbc:IssueDate><cbc:DueDate>2026-04-08</cbc:DueDate>"
        f"<cbc:{noun}TypeCode>{code}</cbc:{noun}TypeCode><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>"
        + _ubl_party("AccountingSupplierParty", SELLER, SELLER_TAX_NO)
        + _ubl_party("AccountingCustomerParty", BUYER, BUYER_TAX_NO)
        + '<cac:TaxTotal><cbc:TaxAmount currencyID="CHF">27.00</cbc:TaxAmount></cac:TaxTotal>'
        f'<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">{TAX}</cbc:TaxAmount><cac:TaxSubtotal><cbc:TaxableAmount>{NET}'
        f"</cbc:TaxableAmount><cbc:TaxAmount>{TAX}</cbc:TaxAmount><cac:TaxCategory><cbc:Percent>19.0</cbc:Percent>"
        "</cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal><cac:LegalMonetaryTotal>"
        f"<cbc:TaxExclusiveAmount>{NET}</cbc:TaxExclusiveAmount><cbc:TaxInclusiveAmount>{TOTAL}"
        "</cbc:TaxInclusiveAmount><cbc:PrepaidAmount>100.00</cbc:PrepaidAmount><cbc:PayableAmount>78.50"
        "</cbc:PayableAmount></cac:LegalMonetaryTotal>"
        + _ubl_line(noun, quantity, ("Lampe", "2", "50.00", "100.00"))
        + _ubl_line(noun, quantity, ("Kabel &amp; Stecker", "10.0", "5", "50.00"))
        + f"</{noun}>"
    ).encode()


def _fattura_body(number: str, total: str) -> str:
    stated = f"<ImportoTotaleDocumento>{total}</ImportoTotaleDocumento>" if total else ""
    return (
        "<FatturaElettronicaBody><DatiGenerali><DatiGeneraliDocumento><TipoDocumento>TD01</TipoDocumento><Divisa>EUR"
        f"</Divisa><Data>{DAY}</Data><Numero>{number}</Numero>{stated}</DatiGeneraliDocumento></DatiGenerali>"
        "<DatiBeniServizi><DettaglioLinee><Descrizione>Lampe</Descrizione><Quantita>2.00</Quantita><PrezzoUnitario>"
        "50.00</PrezzoUnitario><PrezzoTotale>100.00</PrezzoTotale><AliquotaIVA>19.00</AliquotaIVA></DettaglioLinee>"
        "<DettaglioLinee><Descrizione>Kabel &amp; Stecker</Descrizione><Quantita>10.00</Quantita><PrezzoUnitario>5.00"
        "</PrezzoUnitario><PrezzoTotale>50.00</PrezzoTotale><AliquotaIVA>19.00</AliquotaIVA></DettaglioLinee>"
        f"<DatiRiepilogo><AliquotaIVA>19.00</AliquotaIVA><ImponibileImporto>{NET}</ImponibileImporto><Imposta>{TAX}"
        "</Imposta></DatiRiepilogo></DatiBeniServizi></FatturaElettronicaBody>"
    )


def fatturapa(*numbers: str, total: str = TOTAL) -> bytes:
    """Write a FatturaPA file with one body per number."""
    return (
        '<p:FatturaElettronica xmlns:p="http://ivaservizi.agenziaentrate.gov.it/docs/xsd/fatture/v1.2">'
        "<FatturaElettronicaHeader><CedentePrestatore><DatiAnagrafici><IdFiscaleIVA><IdPaese>DE</IdPaese><IdCodice>"
        f"{SELLER_TAX_NO[2:]}</IdCodice></IdFiscaleIVA><Anagrafica><Denominazione>{SELLER}</Denominazione>"
        "</Anagrafica></DatiAnagrafici></CedentePrestatore><CessionarioCommittente><DatiAnagrafici><CodiceFiscale>"
        "RSSMRA80A01H501U</CodiceFiscale><Anagrafica><Nome>Maria</Nome><Cognome>Rossi</Cognome></Anagrafica>"
        "</DatiAnagrafici></CessionarioCommittente></FatturaElettronicaHeader>"
        + "".join(_fattura_body(number, total) for number in numbers or (NUMBER,))
        + "</p:FatturaElettronica>"
    ).encode()


CHINESE_NUMBER, CHINESE_TAX_NO = "26312000000012345678", "91310000MA1FL5P37K"


def digital() -> bytes:
    """Write a fully digital Chinese invoice (数电票)."""
    return (
        f"<EInvoice><Header><EIid>{CHINESE_NUMBER}</EIid></Header><EInvoiceData><SellerInformation><SellerIdNum>"
        f"{CHINESE_TAX_NO}</SellerIdNum><SellerName>上海样品有限公司</SellerName></SellerInformation>"
        "<BuyerInformation><BuyerName>张三</BuyerName></BuyerInformation><BasicInformation><TotalAmWithoutTax>100"
        "</TotalAmWithoutTax><TotalTaxAm>6</TotalTaxAm><TotalTax-includedAmount>106</TotalTax-includedAmount>"
        "</BasicInformation><IssuItemInformation><ItemName>*信息技术服务*软件</ItemName><Quantity>1</Quantity><UnPrice>"
        "100</UnPrice><Amount>100</Amount><TaxRate>0.06</TaxRate><ComTaxAm>6</ComTaxAm></IssuItemInformation>"
        f"</EInvoiceData><TaxSupervisionInfo><InvoiceNumber>{CHINESE_NUMBER}</InvoiceNumber><IssueTime>{DAY} 10:11:12"
        "</IssueTime></TaxSupervisionInfo></EInvoice>"
    ).encode()


def original() -> bytes:
    """Write ``original_invoice.xml`` as OFD packages carry it."""
    return (
        '<fp:eInvoice xmlns:fp="http://www.edrm.org.cn/schema/e-invoice/2019"><fp:InvoiceCode>031001900111'
        "</fp:InvoiceCode><fp:InvoiceNo>12345678</fp:InvoiceNo><fp:IssueDate>2026年03月09日</fp:IssueDate>"
        "<fp:InvoiceCheckCode>12345 67890 12345 67890</fp:InvoiceCheckCode><fp:MachineNo>661234567890</fp:MachineNo>"
        f"<fp:Seller><fp:SellerName>上海样品有限公司</fp:SellerName><fp:SellerTaxID>{CHINESE_TAX_NO}</fp:SellerTaxID>"
        "</fp:Seller><fp:Buyer><fp:BuyerName>张三</fp:BuyerName><fp:BuyerTaxID> </fp:BuyerTaxID></fp:Buyer>"
        "<fp:TaxInclusiveTotalAmount>106.00</fp:TaxInclusiveTotalAmount><fp:TaxExclusiveTotalAmount>100.00"
        "</fp:TaxExclusiveTotalAmount><fp:TaxTotalAmount>6.00</fp:TaxTotalAmount><fp:GoodsInfos><fp:GoodsInfo>"
        "<fp:Item>*信息技术服务*软件</fp:Item><fp:Quantity>1</fp:Quantity><fp:Price>100</fp:Price><fp:Amount>100.00"
        "</fp:Amount><fp:TaxScheme>6%</fp:TaxScheme><fp:TaxAmount>6.00</fp:TaxAmount></fp:GoodsInfo></fp:GoodsInfos>"
        "</fp:eInvoice>"
    ).encode()


def xbrl() -> bytes:
    """Write a rail ticket as XBRL."""
    return (
        '<xbrl xmlns:rai="http://xbrl.mof.gov.cn/taxonomy/2021-11-30/rai">'
        f"<rai:ElectronicInvoiceRailwayETicketNumber>{CHINESE_NUMBER}</rai:ElectronicInvoiceRailwayETicketNumber>"
        f"<rai:DateOfIssue>{DAY}</rai:DateOfIssue><rai:Fare>109.00</rai:Fare><rai:TotalAmountExcludingTax>100.00"
        "</rai:TotalAmountExcludingTax><rai:TaxAmount>9.00</rai:TaxAmount></xbrl>"
    ).encode()


_OFD_NAMESPACE = 'xmlns:ofd="http://www.ofdspec.org/2016"'


def text_object(number: int, text: str, *, at: tuple[float, float] = (20, 20), size: float = 4, more: str = "") -> str:
    """Write a text object whose characters follow each other at ``size`` mm; ``more``: other attributes of the run."""
    steps = f'DeltaX="g {len(text) - 1} {size}"' if len(text) > 1 and not more else more
    return (
        f'<ofd:TextObject ID="{number}" Boundary="{at[0]} {at[1]} 80 8" Font="1" Size="{size}">'
        f'<ofd:TextCode X="0" Y="{size}" {steps}>{text}</ofd:TextCode></ofd:TextObject>'
    )


def ofd_parts(
    *objects: str, attachment: bytes | None = None, tags: str = "", size: str = "0 0 210 140"
) -> dict[str, bytes]:
    """Return the parts of an OFD package of one page.

    Args:
        objects: of the page.
        attachment: ``original_invoice.xml``.
        tags: content of the custom tag of an invoice.
        size: physical box of the page in mm.
    """
    parts = {
        "OFD.xml": f"<ofd:OFD {_OFD_NAMESPACE}><ofd:DocBody><ofd:DocInfo/><ofd:DocRoot>Doc_0/Document.xml</ofd:DocRoot>"
        "</ofd:DocBody></ofd:OFD>",
        "Doc_0/Document.xml": f"<ofd:Document {_OFD_NAMESPACE}><ofd:CommonData><ofd:PageArea><ofd:PhysicalBox>{size}"
        "</ofd:PhysicalBox></ofd:PageArea></ofd:CommonData><ofd:Pages><ofd:Page ID='1' BaseLoc='Pages/P/Content.xml'/>"
        "</ofd:Pages><ofd:Attachments>Attachs/Attachments.xml</ofd:Attachments><ofd:CustomTags>Tags/CustomTags.xml"
        "</ofd:CustomTags></ofd:Document>",
        "Doc_0/Pages/P/Content.xml": f"<ofd:Page {_OFD_NAMESPACE}><ofd:Content><ofd:Layer>{''.join(objects)}"
        "</ofd:Layer></ofd:Content></ofd:Page>",
    }
    content = {name: text.encode() for name, text in parts.items()}
    if attachment is not None:
        content["Doc_0/Attachs/Attachments.xml"] = (
            f"<ofd:Attachments {_OFD_NAMESPACE}><ofd:Attachment ID='1'><ofd:FileLoc>original_invoice.xml</ofd:FileLoc>"
            "</ofd:Attachment></ofd:Attachments>"
        ).encode()
        content["Doc_0/Attachs/original_invoice.xml"] = attachment
    if tags:
        content["Doc_0/Tags/CustomTags.xml"] = (
            f"<ofd:CustomTags {_OFD_NAMESPACE}><ofd:CustomTag><ofd:FileLoc>CustomTag.xml</ofd:FileLoc></ofd:CustomTag>"
            "</ofd:CustomTags>"
        ).encode()
        content["Doc_0/Tags/CustomTag.xml"] = tags.encode()
    return content


def signed_parts(parts: Mapping[str, bytes], method: str = "1.2.156.10197.1.401") -> dict[str, bytes]:
    """Add a list of SM3 digests of the parts, as the signature of a package has it."""
    place = b"<ofd:Signatures>/Doc_0/Signs/Signatures.xml</ofd:Signatures></ofd:DocBody>"
    parts = {**parts, "OFD.xml": parts["OFD.xml"].replace(b"</ofd:DocBody>", place)}
    references = "".join(
        f'<ofd:Reference FileRef="/{name}"><ofd:CheckValue>'
        f"{base64.b64encode(hashlib.new('sm3', data).digest()).decode()}</ofd:CheckValue></ofd:Reference>"
        for name, data in parts.items()
    )
    return {
        **parts,
        "Doc_0/Signs/Signatures.xml": (
            f"<ofd:Signatures {_OFD_NAMESPACE}><ofd:Signature ID='1' BaseLoc='S/Signature.xml'/></ofd:Signatures>"
        ).encode(),
        "Doc_0/Signs/S/Signature.xml": (
            f"<ofd:Signature {_OFD_NAMESPACE}><ofd:SignedInfo><ofd:References CheckMethod='{method}'>{references}"
            "</ofd:References></ofd:SignedInfo></ofd:Signature>"
        ).encode(),
    }


def packed(parts: Mapping[str, bytes]) -> bytes:
    """Pack parts into a ZIP archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return file.getvalue()


def ofd() -> bytes:
    """Pack an OFD invoice with its data attached, and the number on its page."""
    page = [
        text_object(5, "12345678"),
        text_object(6, "2026年03月09日", at=(100, 20)),
        text_object(7, "106.00", at=(100, 60)),
    ]
    return packed(signed_parts(ofd_parts(*page, attachment=original())))


SIGNED_DATA_OID = bytes.fromhex("06092a864886f70d010702")
DATA_OID = bytes.fromhex("06092a864886f70d010701")


def der(tag: int, content: bytes) -> bytes:
    """Write an element of DER."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    octets = size.to_bytes((size.bit_length() + 7) // 8)
    return bytes([tag, 0x80 | len(octets)]) + octets + content


def signed(content: bytes) -> bytes:
    """Wrap content as signed data in DER, without any signer."""
    inner = der(0x30, DATA_OID + der(0xA0, der(0x04, content)))
    data = der(0x30, der(0x02, b"\x01") + der(0x31, b"") + inner + der(0x31, b""))
    return der(0x30, SIGNED_DATA_OID + der(0xA0, data))


def signed_in_pieces(content: bytes, piece: int = 100) -> bytes:
    """Wrap content as signed data in BER: lengths left open, and the content cut into pieces."""
    pieces = b"".join(der(0x04, content[start : start + piece]) for start in range(0, len(content), piece))
    end = b"\0\0"
    inner = b"\x30\x80" + DATA_OID + b"\xa0\x80\x24\x80" + pieces + end + end + end
    data = b"\x30\x80" + der(0x02, b"\x01") + der(0x31, b"") + inner + der(0x31, b"") + end
    return b"\x30\x80" + SIGNED_DATA_OID + b"\xa0\x80" + data + end + end


def page_of_invoice(number: str = NUMBER, day: str = "09.03.2026", total: str = "178,50") -> PdfPage:
    """Draw the page of the invoice, as a German program prints it."""
    rows = [
        SELLER,
        f"USt-IdNr. {SELLER_TAX_NO}",
        "Rechnung",
        f"Rechnungsnummer {number}",
        f"Rechnungsdatum {day}",
        BUYER,
        "2 Lampe 50,00 100,00",
        "10 Kabel & Stecker 5,00 50,00",
        "Nettobetrag 150,00 EUR",
        "zzgl. 19% MwSt. 28,50 EUR",
        f"Gesamtbetrag {total} EUR",
    ]
    return PdfPage(tuple(Text(60, 780 - 24 * row, text) for row, text in enumerate(rows)))


def pdf_with(*attachments: tuple[str, bytes], page: PdfPage | None = None) -> bytes:
    """Write a PDF with attached files."""
    document = pypdfium2.PdfDocument(pdf(page or PdfPage(paragraph())))
    try:
        for name, data in attachments:
            document.new_attachment(name).set_data(data)
        file = io.BytesIO()
        document.save(file)
        return file.getvalue()
    finally:
        document.close()
