/* Rows in SQLite's record format: a header of the columns' types, then their values. See tree.h. */
#include <errno.h>
#include <string.h>

#include "tree.h"

#define GAP (TREE_TYPES_BYTES + 2)

enum { TYPE_NULL, TYPE_ZERO = 8, TYPE_ONE, TYPE_BLOB = 12, TYPE_TEXT };

size_t
tree_varint(uint8_t *out, uint64_t value)
{
	uint8_t reversed[9];
	size_t n = 0;

	if (value < 0x80) {
		out[0] = (uint8_t)value;
		return 1;
	}
	if (value >> 56) { /* the ninth byte has all of its bits */
		out[8] = (uint8_t)value;
		value >>= 8;
		for (int i = 7; i >= 0; i--, value >>= 7)
			out[i] = (uint8_t)(value | 0x80);
		return 9;
	}
	for (; value; value >>= 7)
		reversed[n++] = (uint8_t)(value | 0x80);
	reversed[0] &= 0x7f;
	for (size_t i = 0; i < n; i++)
		out[i] = reversed[n - 1 - i];
	return n;
}

size_t
tree_varint_read(const uint8_t *at, uint64_t *value)
{
	*value = 0;
	for (size_t n = 0; n < 8; n++) {
		*value = *value << 7 | (at[n] & 0x7f);
		if (!(at[n] & 0x80))
			return n + 1;
	}
	*value = *value << 8 | at[8];
	return 9;
}

/* Room for what is longer than a number, and numbers behind it. */
static bool
room_make(struct tree *tree, size_t bytes)
{
	return bytes_reserve(&tree->row, bytes + sizeof(int64_t) * TREE_COLUMNS_MOST);
}

static void
type_add(struct tree *tree, uint64_t type)
{
	if (tree->type_bytes > sizeof tree->types - 9) {
		tree_fail(tree->file, EINVAL);
		return;
	}
	tree->type_bytes += (uint32_t)tree_varint(tree->types + tree->type_bytes, type);
	tree->row_columns++;
}

void
tree_begin(struct tree *tree)
{
	tree->type_bytes = tree->row_columns = 0;
	tree->row.size_bytes = 0;
	room_make(tree, GAP);
	tree->row.size_bytes = GAP;
	if (!tree->keyed)
		tree_null(tree);
}

void
tree_null(struct tree *tree)
{
	type_add(tree, TYPE_NULL);
}

/* The fewest bytes that hold it: 1, 2, 3, 4, 6 or 8, which are types 1 to 6; none for 0 and 1. */
void
tree_integer(struct tree *tree, int64_t value)
{
	static const uint8_t types[] = { 0, 1, 2, 3, 4, 5, 5, 6, 6 }, sizes[] = { 0, 1, 2, 3, 4, 6, 6, 8, 8 };
	int need = (64 - __builtin_clzll((uint64_t)(value < 0 ? ~value : value) | 1)) / 8 + 1;
	bool small = value == 0 || value == 1;
	uint64_t big;

	if (tree->row.failed || tree->type_bytes == sizeof tree->types) {
		tree_fail(tree->file, tree->row.failed ? ENOMEM : EINVAL);
		return;
	}
	tree->row_columns++;
	tree->types[tree->type_bytes++] = small ? (uint8_t)(TYPE_ZERO + value) : types[need];
	if (small)
		return;
	big = __builtin_bswap64((uint64_t)value << (64 - 8 * sizes[need]));
	memcpy(tree->row.data + tree->row.size_bytes, &big, sizeof big);
	tree->row.size_bytes += sizes[need];
}

void
tree_optional(struct tree *tree, int64_t value, bool known)
{
	if (known)
		tree_integer(tree, value);
	else
		tree_null(tree);
}

void
tree_text(struct tree *tree, const char *text, size_t bytes)
{
	type_add(tree, TYPE_TEXT + 2 * (uint64_t)bytes);
	if (!room_make(tree, bytes))
		return;
	memcpy(tree->row.data + tree->row.size_bytes, text, bytes);
	tree->row.size_bytes += bytes;
}

uint8_t *
tree_blob_room(struct tree *tree, size_t room)
{
	return room_make(tree, room) ? (uint8_t *)tree->row.data + tree->row.size_bytes : NULL;
}

void
tree_blob(struct tree *tree, size_t bytes)
{
	type_add(tree, TYPE_BLOB + 2 * (uint64_t)bytes);
	tree->row.size_bytes += bytes;
}

const uint8_t *
tree_payload(struct tree *tree, size_t *bytes)
{
	size_t head_bytes = tree->type_bytes + 1 < 0x80 ? 1 : 2; /* the header's length counts itself */
	uint8_t *at;

	if (tree->row.failed)
		tree_fail(tree->file, ENOMEM);
	if (tree->row_columns != tree->columns)
		tree_fail(tree->file, EINVAL);
	if (tree->file->error)
		return NULL;
	at = (uint8_t *)tree->row.data + GAP - tree->type_bytes;
	memcpy(at, tree->types, tree->type_bytes);
	at -= head_bytes;
	tree_varint(at, tree->type_bytes + head_bytes);
	*bytes = tree->row.size_bytes - GAP + tree->type_bytes + head_bytes;
	return at;
}
