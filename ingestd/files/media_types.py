"""Media types of the files that are let in."""

from __future__ import annotations

JPEG = "image/jpeg"
PNG = "image/png"
BMP = "image/bmp"
WEBP = "image/webp"
NETPBM = "image/x-portable-anymap"
TIFF = "image/tiff"
HEIC = "image/heic"
AVIF = "image/avif"
PDF = "application/pdf"
XML = "application/xml"
SIGNED = "application/pkcs7-mime"
OFD = "application/ofd"
STRUCTURED = frozenset({XML, SIGNED, OFD})
"""Media types of documents that are data already."""

NOUNS = {
    JPEG: "a JPEG image",
    PNG: "a PNG image",
    BMP: "a BMP image",
    WEBP: "a WebP image",
    NETPBM: "a netpbm image (PBM, PGM, PPM)",
    TIFF: "a TIFF image",
    HEIC: "a HEIC image",
    AVIF: "an AVIF image",
    PDF: "a PDF",
    XML: "an XML file",
    SIGNED: "a signed file (.p7m)",
    OFD: "an OFD document",
}
"""Media types that are let in, and what an error message calls them."""
