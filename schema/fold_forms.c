/* What a value is like, as a row of operand_form; found by its words. See fold_internal.h. */
#include <stdio.h>
#include <string.h>

#include "fold_internal.h"
#include "names.h"

/* Columns of operand_form, behind the number. */
enum column { FORM_VALUE, FORM_SHAPE, FORM_STRIDES, FORM_OFFSET, FORM_DTYPE, FORM_DEVICE, FORM_LAYOUT, FORM_FLAGS, FORM_COLUMNS };

/* A row in the making: texts lie in `text` or `device`, or last. */
struct form {
	struct fold_cell cell[FORM_COLUMNS];
	struct bytes text[2];
	char device[64];
};

static struct fold_cell
number(int64_t value)
{
	return (struct fold_cell){ .integer = value, .known = true };
}

static struct fold_cell
text(const char *value)
{
	return (struct fold_cell){ .text = value };
}

/* COUNT of DECLARED words as a list in TEXT. */
static struct fold_cell
list_text(struct bytes *out, const uint64_t *words, uint64_t count, bool booleans, uint64_t declared)
{
	if (declared != count)
		bytes_addf(out, "{\"count\":%llu,\"kept\":", (unsigned long long)declared);
	bytes_add(out, "[", 1);
	for (uint64_t i = 0; i < count; i++) {
		if (i)
			bytes_add(out, ",", 1);
		if (booleans)
			bytes_addf(out, "%s", words[i] ? "true" : "false");
		else
			bytes_add_integer(out, (int64_t)words[i]);
	}
	bytes_addf(out, declared != count ? "]}" : "]");
	return text(out->data);
}

static void
tensor_form(struct form *form, const uint64_t *words)
{
	uint64_t first = words[0];
	unsigned ndim = first >> 8 & 0xff, flags = first >> 48 & 0xffff;

	if (!(flags & BOX_TENSOR_OPAQUE)) {
		form->cell[FORM_OFFSET] = number((int64_t)words[1]);
		form->cell[FORM_SHAPE] = list_text(&form->text[0], words + 2, ndim, false, ndim);
		form->cell[FORM_STRIDES] = list_text(&form->text[1], words + 2 + ndim, ndim, false, ndim);
	}
	form->cell[FORM_DEVICE] = text(names_device(first >> 24 & 0xff, (int16_t)(first >> 32 & 0xffff), form->device, sizeof form->device));
	form->cell[FORM_DTYPE] = text(names_dtype(first >> 16 & 0xff));
	form->cell[FORM_LAYOUT] = text(names_layout(flags & BOX_TENSOR_LAYOUT));
	form->cell[FORM_FLAGS] = number(flags);
}

static void
numbers_form(struct form *form, const uint64_t *words, size_t count)
{
	size_t head = 1 + (words[0] >> 8 & BOX_LIST_CUT);

	form->cell[FORM_VALUE] = list_text(&form->text[0], words + head, count - head, (words[0] & 0xff) == BOX_VALUE_BOOLS, words[0] >> 32);
}

static void
device_form(struct form *form, uint64_t first)
{
	names_device(first >> 24 & 0xff, (int16_t)(first >> 32 & 0xffff), form->device, sizeof form->device);
	bytes_addf(&form->text[0], "\"%s\"", form->device);
	form->cell[FORM_VALUE] = text(form->text[0].data);
	form->cell[FORM_DEVICE] = text(form->device);
}

/* Of a list, that it was empty or that not all of it was recorded. */
static void
list_form(struct form *form, const uint64_t *words)
{
	if (words[0] >> 32)
		bytes_addf(&form->text[0], "{\"count\":%llu,\"kept\":%llu}", (unsigned long long)(words[0] >> 32), (unsigned long long)words[1]);
	form->cell[FORM_VALUE] = text(words[0] >> 32 ? form->text[0].data : "[]");
}

static void
form_fill(struct form *form, const uint64_t *words, size_t count)
{
	switch (words[0] & 0xff) {
	case BOX_VALUE_TENSOR:
		tensor_form(form, words);
		break;
	case BOX_VALUE_INTS:
	case BOX_VALUE_BOOLS:
		numbers_form(form, words, count);
		break;
	case BOX_VALUE_STRING:
		bytes_add_json(&form->text[0], (const char *)(words + 1), words[0] >> 32);
		form->cell[FORM_VALUE] = text(form->text[0].data);
		break;
	case BOX_VALUE_LIST:
		list_form(form, words);
		break;
	case BOX_VALUE_INT:
		bytes_add_integer(&form->text[0], (int64_t)words[1]);
		form->cell[FORM_VALUE] = text(form->text[0].data);
		break;
	case BOX_VALUE_BOOL:
		form->cell[FORM_VALUE] = text(words[0] >> 8 & 0xff ? "true" : "false");
		break;
	case BOX_VALUE_DEVICE:
		device_form(form, words[0]);
		break;
	case BOX_VALUE_NONE:
		form->cell[FORM_VALUE] = text("null");
		break;
	}
}

int64_t
fold_form(struct fold *fold, const uint64_t *words, size_t count)
{
	int64_t *known = fold_known(fold, &fold->form_words, words, count * sizeof *words);
	struct form form = { 0 };

	if (*known || fold->failed)
		return *known;
	form_fill(&form, words, count);
	if (form.text[0].failed || form.text[1].failed)
		fold_fail(fold, "not enough memory");
	*known = fold_cells(fold, &fold->forms, form.cell, FORM_COLUMNS, FOLD_OPERAND_FORM);
	bytes_free(&form.text[0]);
	bytes_free(&form.text[1]);
	return *known;
}
