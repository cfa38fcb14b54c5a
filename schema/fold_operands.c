/*
 * Signature words into rows of signature_operand. The words are untrusted: each value is measured before it is read,
 * and what doesn't fit ends the signature (described once).
 */
#include "fold_internal.h"

#include <stdio.h>
#include <string.h>

#include "names.h"

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

enum column {
	COLUMN_SIGNATURE = 1, COLUMN_SLOT, COLUMN_ARGUMENT, COLUMN_ITEM, COLUMN_NAME, COLUMN_KIND, COLUMN_VALUE,
	COLUMN_SHAPE, COLUMN_STRIDES, COLUMN_OFFSET, COLUMN_DTYPE, COLUMN_DEVICE, COLUMN_LAYOUT, COLUMN_FLAGS,
	COLUMN_TENSOR
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

static sqlite3_stmt *
row_begin(struct operand_rows *rows, int argument, int item, const char *kind)
{
	sqlite3_stmt *insert = rows->fold->insert_operand;
	char name[256];

	sqlite3_clear_bindings(insert);
	sqlite3_bind_int64(insert, COLUMN_SIGNATURE, rows->signature);
	sqlite3_bind_int(insert, COLUMN_SLOT, rows->slot++);
	sqlite3_bind_int(insert, COLUMN_ARGUMENT, argument);
	if (item >= 0)
		sqlite3_bind_int(insert, COLUMN_ITEM, item);
	name_make(rows, argument, item, name, sizeof name);
	fold_bind_clean(rows->fold, insert, COLUMN_NAME, name, strlen(name));
	sqlite3_bind_text(insert, COLUMN_KIND, kind, -1, SQLITE_STATIC);
	return insert;
}

static void
value_bind(sqlite3_stmt *insert, int column, const char *text)
{
	sqlite3_bind_text(insert, column, text, -1, SQLITE_TRANSIENT);
}

static void
integers_bind(struct operand_rows *rows, sqlite3_stmt *insert, int column, const uint64_t *words, uint64_t count,
	      bool booleans, uint64_t declared)
{
	struct bytes text = { 0 };

	if (declared != count)
		bytes_addf(&text, "{\"count\":%llu,\"kept\":", (unsigned long long)declared);
	bytes_addf(&text, "[");
	for (uint64_t i = 0; i < count; i++) {
		if (booleans)
			bytes_addf(&text, "%s%s", i ? "," : "", words[i] ? "true" : "false");
		else
			bytes_addf(&text, "%s%lld", i ? "," : "", (long long)words[i]);
	}
	bytes_addf(&text, declared != count ? "]}" : "]");
	if (text.failed)
		fold_fail(rows->fold, "not enough memory");
	else
		value_bind(insert, column, text.data);
	bytes_free(&text);
}

static bool
tensor_fold(struct operand_rows *rows, int argument, int item, uint64_t first, struct words *words)
{
	unsigned ndim = first >> 8 & 0xff, flags = first >> 48 & 0xffff;
	sqlite3_stmt *insert;
	char device[64];

	if (!(flags & BOX_TENSOR_OPAQUE) && (uint64_t)(words->end - words->at) < 1 + 2ull * ndim)
		return false;
	insert = row_begin(rows, argument, item, "tensor");
	if (!(flags & BOX_TENSOR_OPAQUE)) {
		sqlite3_bind_int64(insert, COLUMN_OFFSET, (int64_t)words->at[0]);
		integers_bind(rows, insert, COLUMN_SHAPE, words->at + 1, ndim, false, ndim);
		integers_bind(rows, insert, COLUMN_STRIDES, words->at + 1 + ndim, ndim, false, ndim);
		words->at += 1 + 2ull * ndim;
	}
	names_device(first >> 24 & 0xff, (int16_t)(first >> 32 & 0xffff), device, sizeof device);
	value_bind(insert, COLUMN_DEVICE, device);
	sqlite3_bind_text(insert, COLUMN_DTYPE, names_dtype(first >> 16 & 0xff), -1, SQLITE_STATIC);
	sqlite3_bind_text(insert, COLUMN_LAYOUT, names_layout(flags & BOX_TENSOR_LAYOUT), -1, SQLITE_STATIC);
	sqlite3_bind_int(insert, COLUMN_FLAGS, (int)flags);
	sqlite3_bind_int(insert, COLUMN_TENSOR, rows->tensors++);
	fold_step(rows->fold, insert);
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
	sqlite3_stmt *insert;

	if (!list_length(first, words, &declared, &kept) || kept > (uint64_t)(words->end - words->at))
		return false;
	insert = row_begin(rows, argument, item, booleans ? "bool[]" : "int[]");
	integers_bind(rows, insert, COLUMN_VALUE, words->at, kept, booleans, declared);
	words->at += kept;
	fold_step(rows->fold, insert);
	return true;
}

static bool
string_fold(struct operand_rows *rows, int argument, int item, uint64_t first, struct words *words)
{
	uint64_t size = first >> 32, count = (size + 7) / 8;
	struct bytes text = { 0 };
	sqlite3_stmt *insert;

	if (count > (uint64_t)(words->end - words->at))
		return false;
	insert = row_begin(rows, argument, item, "string");
	bytes_add_json(&text, (const char *)words->at, size);
	if (!text.failed)
		value_bind(insert, COLUMN_VALUE, text.data);
	bytes_free(&text);
	words->at += count;
	fold_step(rows->fold, insert);
	return true;
}

static void
device_fold(struct operand_rows *rows, int argument, int item, uint64_t first)
{
	sqlite3_stmt *insert = row_begin(rows, argument, item, "device");
	char device[64], value[72];

	names_device(first >> 24 & 0xff, (int16_t)(first >> 32 & 0xffff), device, sizeof device);
	snprintf(value, sizeof value, "\"%s\"", device);
	value_bind(insert, COLUMN_VALUE, value);
	value_bind(insert, COLUMN_DEVICE, device);
	fold_step(rows->fold, insert);
}

static void
plain_fold(struct operand_rows *rows, int argument, int item, const char *kind, const char *value)
{
	sqlite3_stmt *insert = row_begin(rows, argument, item, kind);

	if (value)
		value_bind(insert, COLUMN_VALUE, value);
	fold_step(rows->fold, insert);
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
	char text[32];

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
		snprintf(text, sizeof text, "%lld", (long long)value);
		plain_fold(rows, argument, item, "int", text);
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
	for (uint32_t i = 0; i < value_count && !fold->failed; i++) {
		if (!value_fold(&rows, (int)i, -1, &at)) {
			box_read_damage(&fold->box, "signature %lld: value %u runs past its words", (long long)id, i);
			return;
		}
	}
}
