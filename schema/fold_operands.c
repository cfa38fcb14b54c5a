/*
 * Signature words into rows of operand_row, operand_place and operand_form. The words are untrusted: each value is measured before it is read,
 * and what doesn't fit ends the signature (described once).
 */
#include "fold_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct operand { int64_t place, form; }; /* a row of operand_row; those of a signature are in fold->operands */

struct words {
	const uint64_t *at, *end;
};

/* Where rows are being made. */
struct operand_rows {
	struct fold *fold;
	const char *names;      /* declared argument names, comma-separated */
	size_t names_size;
	uint32_t names_at;      /* their reference */
	bool outputs;
	bool single;            /* one output: "output", not "output[0]" */
	int slot, tensors;
};

/* Columns of operand_place, behind the number. */
enum place { PLACE_SLOT, PLACE_ARGUMENT, PLACE_ITEM, PLACE_NAME, PLACE_KIND, PLACE_TENSOR, PLACE_COLUMNS };

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

static int64_t
place_add(struct operand_rows *rows, int argument, int item, unsigned kind)
{
	static const char *const kinds[] = {
		[BOX_VALUE_NONE] = "none", [BOX_VALUE_TENSOR] = "tensor", [BOX_VALUE_INT] = "int", [BOX_VALUE_BOOL] = "bool",
		[BOX_VALUE_FLOAT] = "float", [BOX_VALUE_NUMBER] = "number", [BOX_VALUE_INTS] = "int[]", [BOX_VALUE_BOOLS] = "bool[]",
		[BOX_VALUE_LIST] = "list", [BOX_VALUE_STRING] = "string", [BOX_VALUE_DEVICE] = "device", [BOX_VALUE_OTHER] = "other",
	};
	char name[256];
	const struct fold_cell cell[PLACE_COLUMNS] = {
		[PLACE_SLOT] = { .integer = rows->slot, .known = true },
		[PLACE_ARGUMENT] = { .integer = argument, .known = true },
		[PLACE_ITEM] = { .integer = item, .known = item >= 0 },
		[PLACE_NAME] = { .text = name },
		[PLACE_KIND] = { .text = kinds[kind] },
		[PLACE_TENSOR] = { .integer = rows->tensors, .known = kind == BOX_VALUE_TENSOR },
	};

	name_make(rows, argument, item, name, sizeof name);
	return fold_cells(rows->fold, &rows->fold->places, cell, PLACE_COLUMNS, FOLD_OPERAND_PLACE);
}

/* The value of COUNT words at WORDS: a row. */
static void
operand_add(struct operand_rows *rows, int argument, int item, const uint64_t *words, size_t count)
{
	struct fold *fold = rows->fold;
	unsigned kind = words[0] & 0xff;
	const int64_t key[] = { rows->names_at, (int64_t)kind << 2 | rows->outputs << 1 | rows->single, rows->slot, argument, item, rows->tensors };
	int64_t *place = fold_known(fold, &fold->place_keys, key, sizeof key);
	struct operand operand;

	if (!*place && !fold->failed)
		*place = place_add(rows, argument, item, kind);
	operand = (struct operand){ *place, fold_form(fold, words, count) };
	bytes_add(&fold->operands, (const char *)&operand, sizeof operand);
	rows->slot++;
	rows->tensors += kind == BOX_VALUE_TENSOR;
}

/* The length of a list: how many it had, how many follow its head of so many words. */
static bool
list_length(const struct words *words, uint64_t *declared, uint64_t *kept, size_t *head)
{
	*declared = *kept = words->at[0] >> 32;
	*head = 1;
	if (!(words->at[0] >> 8 & BOX_LIST_CUT))
		return true;
	*head = 2;
	if (words->end - words->at < 2)
		return false;
	*kept = words->at[1];
	return *kept <= *declared;
}

/* How many words the value at WORDS has, of a list its head; false: that is no value, or more than there are. */
static bool
value_measure(const struct words *words, size_t *count)
{
	uint64_t first = words->at[0], declared, kept;
	size_t head;

	*count = 1;
	switch (first & 0xff) {
	case BOX_VALUE_TENSOR:
		if (!(first >> 48 & BOX_TENSOR_OPAQUE))
			*count = 2 + 2 * (first >> 8 & 0xff);
		break;
	case BOX_VALUE_INTS:
	case BOX_VALUE_BOOLS:
	case BOX_VALUE_LIST:
		if (!list_length(words, &declared, &kept, &head))
			return false;
		*count = head + ((first & 0xff) == BOX_VALUE_LIST ? 0 : kept);
		break;
	case BOX_VALUE_STRING:
		*count = 1 + ((first >> 32) + 7) / 8;
		break;
	case BOX_VALUE_INT:
		*count = 2;
		break;
	case BOX_VALUE_NONE:
	case BOX_VALUE_BOOL:
	case BOX_VALUE_FLOAT:
	case BOX_VALUE_NUMBER:
	case BOX_VALUE_DEVICE:
	case BOX_VALUE_OTHER:
		break;
	default:
		return false;
	}
	return *count <= (size_t)(words->end - words->at);
}

/* One value, or a list's items: these are rows of their own; the list itself is one only where that would lose something: it was empty,
 * or not all of it was recorded. */
static bool
value_fold(struct operand_rows *rows, int argument, int item, struct words *words)
{
	uint64_t declared, kept;
	size_t count;

	if (words->at >= words->end || !value_measure(words, &count))
		return false;
	if ((words->at[0] & 0xff) != BOX_VALUE_LIST) {
		operand_add(rows, argument, item, words->at, count);
		words->at += count;
		return true;
	}
	if (item >= 0 || !list_length(words, &declared, &kept, &count) || kept > (uint64_t)(words->end - words->at) - count)
		return false;
	if (declared == 0 || kept != declared)
		operand_add(rows, argument, -1, words->at, count);
	words->at += count;
	for (uint64_t i = 0; i < kept; i++) {
		if (!value_fold(rows, argument, (int)i, words))
			return false;
	}
	return true;
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
	size_t count = fold->operands.size_bytes / sizeof *operand, sorted = 1;

	if (fold->operands.failed)
		fold_fail(fold, "not enough memory");
	while (sorted < count && operand[sorted].place > operand[sorted - 1].place)
		sorted++;
	if (sorted < count)
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
	struct operand_rows rows = { .fold = fold, .outputs = outputs, .single = value_count == 1, .names_at = op->argument_names };
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
