"""Names the fields of a PDF in its structure, as PDF/UA-1 (7.18.4) asks for each that is seen."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter


def tag_fields(writer: "IncrementalPdfFileWriter") -> None:
    """Put all fields, in their order, at the end of what is read aloud."""
    from pyhanko.pdf_utils.generic import NumberObject

    structure = writer.root["/StructTreeRoot"]
    [document] = structure.raw_get("/K")
    for field in list(writer.root["/AcroForm"]["/Fields"]):
        number = structure["/ParentTreeNextKey"]
        form = writer.add_object(_form(field, document))
        field.get_object()["/StructParent"] = number
        document.get_object()["/K"].append(form)
        structure["/ParentTree"]["/Nums"].extend([number, form])
        structure["/ParentTreeNextKey"] = NumberObject(number + 1)
        writer.update_container(structure["/ParentTree"]["/Nums"])
        writer.mark_update(field)
    writer.mark_update(document)
    writer.update_container(structure)


def _form(field: Any, document: Any) -> Any:
    from pyhanko.pdf_utils.generic import DictionaryObject, pdf_name

    widget = field.get_object()
    named = DictionaryObject({pdf_name("/Type"): pdf_name("/OBJR"), pdf_name("/Obj"): field})
    return DictionaryObject(
        {
            pdf_name("/Type"): pdf_name("/StructElem"),
            pdf_name("/S"): pdf_name("/Form"),
            pdf_name("/P"): document,
            pdf_name("/Pg"): widget.raw_get("/P"),
            pdf_name("/Alt"): widget["/TU"],
            pdf_name("/K"): named,
        }
    )
