/* One table's tree, from its leaves up. See tree.h; the numbers are those of https://www.sqlite.org/fileformat2.html#b_tree_pages. */
#include "tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE_KEYED_INTERIOR = 2, PAGE_INTERIOR = 5, PAGE_KEYED_LEAF = 10, PAGE_LEAF = 13 };
enum { LEAF_HEADER = 8, INTERIOR_HEADER = 12, POINTER = 2, CHILD = 4 };

static void
write_16(uint8_t *out, uint32_t value)
{
	out[0] = (uint8_t)(value >> 8);
	out[1] = (uint8_t)value;
}

static void
write_32(uint8_t *out, uint32_t value)
{
	write_16(out, value >> 16);
	write_16(out + 2, value & 0xffff);
}

void
tree_open(struct tree *tree, struct tree_file *file, uint32_t root, bool keyed, uint32_t columns)
{
	*tree = (struct tree){ .file = file, .root = root, .keyed = keyed, .columns = columns, .last = INT64_MIN, .content = file->page_bytes };
	tree->page = file->error ? NULL : calloc(1, file->page_bytes);
	if (!tree->page)
		tree_fail(file, ENOMEM);
}

/* The head of a page whose CELLS cells begin at CONTENT. */
static void
page_head(uint8_t *page, uint8_t kind, uint32_t cells, uint32_t content)
{
	page[0] = kind;
	write_16(page + 1, 0);
	write_16(page + 3, cells);
	write_16(page + 5, content);
	page[7] = 0;
}

static uint32_t
page_add(struct tree *tree, const uint8_t *page)
{
	uint32_t number = tree_file_take(tree->file);

	tree_file_put(tree->file, number, page);
	return number;
}

static struct tree_child *
child_add(struct tree *tree)
{
	if (tree->child_count == tree->child_room) {
		uint32_t room = tree->child_room ? tree->child_room * 2 : 64;
		struct tree_child *grown = realloc(tree->children, room * sizeof *grown);

		if (!grown) {
			tree_fail(tree->file, ENOMEM);
			return NULL;
		}
		tree->children = grown;
		tree->child_room = room;
	}
	return &tree->children[tree->child_count++];
}

/* The last row of a leaf of a keyed tree stands above it, as what divides it from the next. */
static void
divider_take(struct tree *tree, struct tree_child *child)
{
	const uint8_t *cell = tree->page + tree->content;
	uint64_t payload;
	size_t bytes = tree_varint_read(cell, &payload) + (size_t)payload;

	child->key = (int64_t)tree->dividers.size_bytes;
	child->divider_bytes = (uint32_t)bytes;
	bytes_add(&tree->dividers, (const char *)cell, bytes);
	if (tree->dividers.failed)
		tree_fail(tree->file, ENOMEM);
	if (bytes > tree->divider_most)
		tree->divider_most = (uint32_t)bytes;
	tree->cells--;
	tree->content += (uint32_t)bytes;
}

/* The leaf is full, or the last: DIVIDED if there is another behind it. */
static void
leaf_write(struct tree *tree, bool divided)
{
	struct tree_child *child = child_add(tree);

	if (!child)
		return;
	*child = (struct tree_child){ .key = tree->last };
	if (tree->keyed && divided)
		divider_take(tree, child);
	page_head(tree->page, tree->keyed ? PAGE_KEYED_LEAF : PAGE_LEAF, tree->cells, tree->content);
	child->page = page_add(tree, tree->page);
	tree->cells = 0;
	tree->content = tree->file->page_bytes;
}

/* Room for a cell of so many bytes. */
static uint8_t *
cell_add(struct tree *tree, uint32_t bytes)
{
	if (LEAF_HEADER + POINTER * (tree->cells + 1) + bytes > tree->content)
		leaf_write(tree, true);
	if (tree->file->error)
		return NULL;
	tree->content -= bytes;
	write_16(tree->page + LEAF_HEADER + POINTER * tree->cells++, tree->content);
	return tree->page + tree->content;
}

/* What of a payload stays in a leaf; the rest lies on pages of its own. */
static size_t
local_bytes(const struct tree *tree, size_t payload)
{
	size_t usable = tree->file->page_bytes, most = usable - 35, least = (usable - 12) * 32 / 255 - 23, local;

	if (payload <= most)
		return payload;
	local = least + (payload - least) % (usable - 4);
	return local <= most ? local : least;
}

/* The rest of a payload; its first page's number. Each page begins with the number of the next. */
static uint32_t
overflow_write(struct tree *tree, const uint8_t *bytes, size_t size)
{
	struct tree_file *file = tree->file;
	uint8_t *page = calloc(1, file->page_bytes);
	uint32_t first = 0, number, before = 0;
	size_t part = file->page_bytes - CHILD;

	/* Backwards, so that the next is known: the last page first. */
	for (size_t count = (size + part - 1) / part; page && count-- > 0 && !file->error; before = number) {
		size_t left = size - count * part, n = left < part ? left : part;

		memset(page, 0, file->page_bytes);
		write_32(page, before);
		memcpy(page + CHILD, bytes + count * part, n);
		first = number = page_add(tree, page);
	}
	if (!page)
		tree_fail(file, ENOMEM);
	free(page);
	return first;
}

/* The first bytes of a cell: how long its payload is, and its number. */
static size_t
cell_head(const struct tree *tree, uint8_t head[18], size_t payload, int64_t rowid)
{
	size_t n = tree_varint(head, payload);

	return tree->keyed ? n : n + tree_varint(head + n, (uint64_t)rowid);
}

/* A row too long for its leaf: the part that stays and the number of the page where it goes on. */
static void
long_place(struct tree *tree, int64_t rowid, const uint8_t *payload, size_t bytes)
{
	size_t local = local_bytes(tree, bytes), head_bytes;
	uint8_t head[18], *cell;
	uint32_t overflow;

	if (tree->keyed || bytes > INT32_MAX) {
		tree_fail(tree->file, EINVAL);
		return;
	}
	head_bytes = cell_head(tree, head, bytes, rowid);
	overflow = overflow_write(tree, payload + local, bytes - local);
	cell = cell_add(tree, (uint32_t)(head_bytes + local + CHILD));
	if (!cell)
		return;
	memcpy(cell, head, head_bytes);
	memcpy(cell + head_bytes, payload, local);
	write_32(cell + head_bytes + local, overflow);
}

static size_t
local_most(const struct tree *tree)
{
	size_t usable = tree->file->page_bytes;

	return tree->keyed ? (usable - 12) * 64 / 255 - 23 : usable - 35;
}

/* May a row with this number come now? */
static bool
row_next(struct tree *tree, int64_t rowid)
{
	if (!tree->keyed && tree->rows && rowid <= tree->last)
		tree_fail(tree->file, EINVAL);
	if (tree->file->error)
		return false;
	tree->rows++;
	return true;
}

void
tree_place(struct tree *tree, int64_t rowid, const uint8_t *payload, size_t bytes)
{
	uint8_t head[18], *cell;
	size_t head_bytes;

	if (!row_next(tree, rowid))
		return;
	if (bytes > local_most(tree)) {
		long_place(tree, rowid, payload, bytes);
	} else {
		head_bytes = cell_head(tree, head, bytes, rowid);
		cell = cell_add(tree, (uint32_t)(head_bytes + bytes));
		if (cell) {
			memcpy(cell, head, head_bytes);
			memcpy(cell + head_bytes, payload, bytes);
		}
	}
	tree->last = rowid;
}

void
tree_end(struct tree *tree, int64_t rowid)
{
	size_t bytes;
	const uint8_t *payload = tree_payload(tree, &bytes);

	if (payload)
		tree_place(tree, rowid, payload, bytes);
}

/* --- above the leaves ------------------------------------------------------------------------- */

/* An interior page of children FROM to TO, which the last divides from what follows. */
static void
interior_fill(struct tree *tree, uint32_t from, uint32_t to)
{
	uint32_t content = tree->file->page_bytes;
	const struct tree_child *child = tree->children + from;
	uint8_t key[9];

	for (uint32_t i = 0; i + 1 < to - from; i++) {
		const uint8_t *rest = tree->keyed ? (const uint8_t *)tree->dividers.data + child[i].key : key;
		uint32_t bytes = tree->keyed ? child[i].divider_bytes : (uint32_t)tree_varint(key, (uint64_t)child[i].key);

		content -= CHILD + bytes;
		write_32(tree->page + content, child[i].page);
		memcpy(tree->page + content + CHILD, rest, bytes);
		write_16(tree->page + INTERIOR_HEADER + POINTER * i, content);
	}
	page_head(tree->page, tree->keyed ? PAGE_KEYED_INTERIOR : PAGE_INTERIOR, to - from - 1, content);
	write_32(tree->page + LEAF_HEADER, tree->children[to - 1].page);
}

/* One level up: the children's pages become the children, as evenly as can be, so that none has one child alone. */
static void
level_write(struct tree *tree, uint32_t most)
{
	uint32_t pages = (tree->child_count + most - 1) / most, from = 0;

	for (uint32_t i = 0; i < pages && !tree->file->error; i++) {
		uint32_t to = (uint32_t)((uint64_t)tree->child_count * (i + 1) / pages);

		interior_fill(tree, from, to);
		tree->children[i] = tree->children[to - 1];
		tree->children[i].page = page_add(tree, tree->page);
		from = to;
	}
	tree->child_count = pages;
}

static void
root_write(struct tree *tree)
{
	uint32_t divider = tree->keyed ? tree->divider_most : 9, most;

	most = (tree->file->page_bytes - INTERIOR_HEADER) / (CHILD + POINTER + divider) + 1;
	if (!tree->child_count) {
		page_head(tree->page, tree->keyed ? PAGE_KEYED_LEAF : PAGE_LEAF, tree->cells, tree->content);
	} else {
		leaf_write(tree, false);
		while (tree->child_count > most && !tree->file->error)
			level_write(tree, most);
		if (!tree->file->error)
			interior_fill(tree, 0, tree->child_count);
	}
	tree_file_root(tree->file, tree->root, tree->page);
}

void
tree_close(struct tree *tree)
{
	if (tree->rows && !tree->file->error)
		root_write(tree);
	free(tree->page);
	free(tree->children);
	bytes_free(&tree->dividers);
	bytes_free(&tree->row);
	*tree = (struct tree){ .file = tree->file };
}
