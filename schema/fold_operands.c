/*
 * Signature words into rows of operand_row, operand_place and operand_form. The words are untrusted: each value is measured before it is read,
 * and what doesn't fit ends the signature (described once).
 */
#include "fold_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "names.h"

struct operand { int64_t place, form; }; /* a row of operand_row; those of a signature are in fold->operands */

struct words {
	const uint64_t *at, *end;
};

/* Where rows are being made. */
struct operand_rows {
	struct fold *fold;
	const char *names;      /* declared argument names, comma-separated */
	size_t names_size;
	bool outputs;
	bool single;            /* one output: "output", not "output[0]" */
	int64_t signature;
	int slot, tensors;
};

/* Columns of operand_place and operand_form, behind the number. */
enum place { PLACE_SLOT, PLACE_ARGUMENT, PLACE_ITEM, PLACE_NAME, PLACE_KIND, PLACE_TENSOR, PLACE_COLUMNS };
enum form { FORM_VALUE, FORM_SHAPE, FORM_STRIDES, FORM_OFFSET, FORM_DTYPE, FORM_DEVICE, FORM_LAYOUT, FORM_FLAGS, FORM_COLUMNS };

/* One of them in the making: texts lie in its rows' scratch, or last. */
struct row {
	struct fold_cell place[PLACE_COLUMNS], form[FORM_COLUMNS];
	char name[256];
	struct bytes text[2];
};

static bool
word_take(struct words *words, uint64_t *word)
{
	if (words->at >= words->end)
		return false;
	*word = *words->at++;
	return true;
}

/* "tensors[1]", "dim"; "output", "output[0]"; "argument 3" where the schema's names are unknown. */
static void
name_make(const struct operand_rows *rows, int argument, int item, char *name, size_t room)
{
	const char *at = rows->names, *end = rows->names + rows->names_size, *comma = NULL;
	int n = 0;

	if (rows->outputs) {
		if (rows->single && item < 0)
			snprintf(name, room, "output");
		else if (rows->single || item < 0)
			snprintf(name, room, "output[%d]", item < 0 ? argument : item);
		else
			snprintf(name, room, "output[%d][%d]", argument, item);
		return;
	}
	for (int skip = argument; at < end; skip--) {
		comma = memchr(at, ',', (size_t)(end - at));
		if (skip == 0)
			break;
		at = comma ? comma + 1 : end;
	}
	if (at < end)
		n = snprintf(name, room, "%.*s", (int)((comma ? comma : end) - at), at);
	if (n <= 0)
		n = snprintf(name, room, "argument %d", argument);
	if (item >= 0 && (size_t)n < room)
		snprintf(name + n, room - (size_t)n, "[%d]", item);
}

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

static void
row_begin(struct operand_rows *rows, struct row *row, int argument, int item, const char *kind)
{
	memset(row, 0, sizeof *row);
	row->place[PLACE_SLOT] = number(rows->slot++);
	row->place[PLACE_ARGUMENT] = number(argument);
	if (item >= 0)
		row->place[PLACE_ITEM] = number(item);
	name_make(rows, argument, item, row->name, sizeof row->name);
	row->place[PLACE_NAME] = text(row->name);
	row->place[PLACE_KIND] = text(kind);
}

static void
row_end(struct operand_rows *rows, struct row *row)
{
	struct fold *fold = rows->fold;
	struct operand operand;

	if (row->text[0].failed || row->text[1].failed)
		fold_fail(fold, "not enough memory");
	if (!fold->failed) {
		operand.place = fold_cells(fold, &fold->places, row->place, PLACE_COLUMNS, FOLD_OPERAND_PLACE);
		operand.form = fold_cells(fold, &fold->forms, row->form, FORM_COLUMNS, FOLD_OPERAND_FORM);
		bytes_add(&fold->operands, (const char *)&operand, sizeof operand);
	}
	bytes_free(&row->text[0]);
	bytes_free(&row->text[1]);
}

/* COUNT of DECLARED words as a list in TEXT. */
static struct fold_cell
list_text(struct bytes *out, const uint64_t *words, uint64_t count, bool booleans, uint64_t declared)
{
	if (declared != count)
		bytes_addf(out, "{\"count\":%llu,\"kept\":", (unsigned long long)declared);
	bytes_addf(out, "[");
	for (uint64_t i = 0; i < count; i++) {
		if (booleans)
			bytes_addf(out, "%s%s", i ? "," : "", words[i] ? "true" : "false");
		else
			bytes_addf(out, "%s%lld", i ? "," : "", (long long)words[i]);
	}
	bytes_addf(out, declared != count ? "]}" : "]");
	return text(out->data);
}

static bool
tensor_fold(struct operand_rows *rows, int argument, int item, uint64_t first, struct words *words)
{
	unsigned ndim = first >> 8 & 0xff, flags = first >> 48 & 0xffff;
	struct row row;
	char device[64];

	if (!(flags & BOX_TENSOR_OPAQUE) && (uint64_t)(words->end - words->at) < 1 + 2ull * ndim)
		return false;
	row_begin(rows, &row, argument, item, "tensor");
	if (!(flags & BOX_TENSOR_OPAQUE)) {
		row.form[FORM_OFFSET] = number((int64_t)words->at[0]);
		row.form[FORM_SHAPE] = list_text(&row.text[0], words->at + 1, ndim, false, ndim);
		row.form[FORM_STRIDES] = list_text(&row.text[1], words->at + 1 + ndim, ndim, false, ndim);
		words->at += 1 + 2ull * ndim;
	}
	names_device(first >> 24 & 0xff, (int16_t)(first >> 32 & 0xffff), device, sizeof device);
	row.form[FORM_DEVICE] = text(device);
	row.form[FORM_DTYPE] = text(names_dtype(first >> 16 & 0xff));
	row.form[FORM_LAYOUT] = text(names_layout(flags & BOX_TENSOR_LAYOUT));
	row.form[FORM_FLAGS] = number(flags);
	row.place[PLACE_TENSOR] = number(rows->tensors++);
	row_end(rows, &row);
	return true;
}

/* The length of a list: how many it had, how many follow. */
static bool
list_length(uint64_t first, struct words *words, uint64_t *declared, uint64_t *kept)
{
	*declared = *kept = first >> 32;
	return !((first >> 8) & BOX_LIST_CUT) || (word_take(words, kept) && *kept <= *declared);
}

static bool
numbers_fold(struct operand_rows *rows, int argument, int item, uint64_t first, struct words *words)
{
	bool booleans = (first & 0xff) == BOX_VALUE_BOOLS;
	uint64_t declared, kept;
	struct row row;

	if (!list_length(first, words, &declared, &kept) || kept > (uint64_t)(words->end - words->at))
		return false;
	row_begin(rows, &row, argument, item, booleans ? "bool[]" : "int[]");
	row.form[FORM_VALUE] = list_text(&row.text[0], words->at, kept, booleans, declared);
	words->at += kept;
	row_end(rows, &row);
	return true;
}

static bool
string_fold(struct operand_rows *rows, int argument, int item, uint64_t first, struct words *words)
{
	uint64_t size = first >> 32, count = (size + 7) / 8;
	struct row row;

	if (count > (uint64_t)(words->end - words->at))
		return false;
	row_begin(rows, &row, argument, item, "string");
	bytes_add_json(&row.text[0], (const char *)words->at, size);
	row.form[FORM_VALUE] = text(row.text[0].data);
	words->at += count;
	row_end(rows, &row);
	return true;
}

static void
device_fold(struct operand_rows *rows, int argument, int item, uint64_t first)
{
	char device[64], value[72];
	struct row row;

	names_device(first >> 24 & 0xff, (int16_t)(first >> 32 & 0xffff), device, sizeof device);
	snprintf(value, sizeof value, "\"%s\"", device);
	row_begin(rows, &row, argument, item, "device");
	row.form[FORM_VALUE] = text(value);
	row.form[FORM_DEVICE] = text(device);
	row_end(rows, &row);
}

static void
plain_fold(struct operand_rows *rows, int argument, int item, const char *kind, const char *value)
{
	struct row row;

	row_begin(rows, &row, argument, item, kind);
	row.form[FORM_VALUE] = text(value);
	row_end(rows, &row);
}

static bool value_fold(struct operand_rows *rows, int argument, int item, struct words *words);

/* A list's items are rows of their own; the list itself is one only where that would lose something: it was empty,
 * or not all of it was recorded. */
static bool
list_fold(struct operand_rows *rows, int argument, uint64_t first, struct words *words)
{
	uint64_t declared, kept;
	char value[80];

	if (!list_length(first, words, &declared, &kept) || kept > (uint64_t)(words->end - words->at))
		return false;
	if (declared == 0 || kept != declared) {
		snprintf(value, sizeof value, declared ? "{\"count\":%llu,\"kept\":%llu}" : "[]",
			 (unsigned long long)declared, (unsigned long long)kept);
		plain_fold(rows, argument, -1, "list", value);
	}
	for (uint64_t i = 0; i < kept; i++) {
		if (!value_fold(rows, argument, (int)i, words))
			return false;
	}
	return true;
}

static bool
value_fold(struct operand_rows *rows, int argument, int item, struct words *words)
{
	uint64_t first, value;
	char digits[32];

	if (!word_take(words, &first))
		return false;
	switch (first & 0xff) {
	case BOX_VALUE_TENSOR:
		return tensor_fold(rows, argument, item, first, words);
	case BOX_VALUE_INTS:
	case BOX_VALUE_BOOLS:
		return numbers_fold(rows, argument, item, first, words);
	case BOX_VALUE_STRING:
		return string_fold(rows, argument, item, first, words);
	case BOX_VALUE_LIST:
		return item < 0 && list_fold(rows, argument, first, words);
	case BOX_VALUE_INT:
		if (!word_take(words, &value))
			return false;
		snprintf(digits, sizeof digits, "%lld", (long long)value);
		plain_fold(rows, argument, item, "int", digits);
		return true;
	case BOX_VALUE_BOOL:
		plain_fold(rows, argument, item, "bool", first >> 8 & 0xff ? "true" : "false");
		return true;
	case BOX_VALUE_DEVICE:
		device_fold(rows, argument, item, first);
		return true;
	case BOX_VALUE_FLOAT:
		plain_fold(rows, argument, item, "float", NULL);
		return true;
	case BOX_VALUE_NUMBER:
		plain_fold(rows, argument, item, "number", NULL);
		return true;
	case BOX_VALUE_NONE:
		plain_fold(rows, argument, item, "none", "null");
		return true;
	case BOX_VALUE_OTHER:
		plain_fold(rows, argument, item, "other", NULL);
		return true;
	default:
		return false;
	}
}

static int
operand_order(const void *left, const void *right)
{
	const struct operand *a = left, *b = right;

	return (a->place > b->place) - (a->place < b->place);
}

static void
operands_write(struct fold *fold, int64_t signature)
{
	struct operand *operand = (struct operand *)fold->operands.data;
	size_t count = fold->operands.size_bytes / sizeof *operand;

	if (fold->operands.failed)
		fold_fail(fold, "not enough memory");
	if (count > 1)
		qsort(operand, count, sizeof *operand, operand_order);
	for (size_t i = 0; i < count && !fold->failed; i++) {
		struct tree *row = fold_row(fold, FOLD_OPERAND_ROW);

		tree_integer(row, signature);
		tree_integer(row, operand[i].place);
		tree_integer(row, operand[i].form);
		fold_row_end(fold, FOLD_OPERAND_ROW, 0);
	}
}

void
fold_operands(struct fold *fold, int64_t id, const struct box_op *op, bool outputs, const uint64_t *words,
	      uint64_t word_count, uint32_t value_count)
{
	struct words at = { words, words + word_count };
	struct operand_rows rows = { .fold = fold, .outputs = outputs, .single = value_count == 1, .signature = id };
	uint32_t names_size;

	rows.names = box_read_string(&fold->box, op->argument_names, &names_size);
	if (!rows.names) {
		rows.names = "";
		names_size = 0;
	}
	rows.names_size = names_size;
	fold->operands.size_bytes = 0;
	for (uint32_t i = 0; i < value_count && !fold->failed; i++) {
		if (!value_fold(&rows, (int)i, -1, &at)) {
			box_read_damage(&fold->box, "signature %lld: value %u runs past its words", (long long)id, i);
			break;
		}
	}
	operands_write(fold, id);
}
