"""Values of fields: normalisation, dates, financial numerals, validators, invoice QR codes."""
