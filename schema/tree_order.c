/* Rows that come nearly in order of their number, put in order. See tree.h. */
#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "tree.h"

#define WAITING_MOST (1u << 18)      /* numbers in between */
#define WAITING_BYTES_MOST (8u << 20)

struct late { int64_t number; uint64_t bytes; }; /* its payload behind it */

static void
late_add(struct tree_order *order, int64_t number, const uint8_t *payload, size_t bytes)
{
	struct late late = { number, bytes };

	bytes_add(&order->late, (const char *)&late, sizeof late);
	bytes_add(&order->late, (const char *)payload, bytes);
	if (order->late.failed)
		tree_fail(order->tree.file, ENOMEM);
}

static struct tree_waiting *
place(const struct tree_order *order, int64_t number)
{
	return &order->ring[(uint64_t)number & (order->room - 1)];
}

/* Those that wait, from `next` on to the first that isn't there; all: ALL, those that aren't there will be late. */
static void
waiting_write(struct tree_order *order, bool all)
{
	while (order->span && (all || place(order, order->next)->here)) {
		struct tree_waiting *row = place(order, order->next);

		if (row->here) {
			tree_place(&order->tree, order->next, (const uint8_t *)order->payloads.data + row->at, row->bytes);
			order->live_bytes -= row->bytes;
			order->waiting--;
			row->here = false;
		}
		order->next++;
		order->span--;
	}
	if (!order->waiting)
		order->payloads.size_bytes = 0;
}

static bool
ring_grow(struct tree_order *order, uint32_t span)
{
	uint32_t room = order->room ? order->room : 1024;
	struct tree_waiting *ring;

	if (span <= order->room)
		return true;
	while (room < span)
		room *= 2;
	ring = calloc(room, sizeof *ring);
	if (!ring)
		return false;
	for (uint32_t i = 0; i < order->span; i++)
		ring[(uint64_t)(order->next + i) & (room - 1)] = *place(order, order->next + i);
	free(order->ring);
	order->ring = ring;
	order->room = room;
	return true;
}

/* Only what still waits is kept. */
static bool
payloads_compact(struct tree_order *order)
{
	struct bytes kept = { 0 };

	for (uint32_t i = 0; i < order->span; i++) {
		struct tree_waiting *row = place(order, order->next + i);

		if (!row->here)
			continue;
		bytes_add(&kept, order->payloads.data + row->at, row->bytes);
		row->at = kept.size_bytes - row->bytes;
	}
	if (kept.failed) {
		bytes_free(&kept);
		return false;
	}
	bytes_free(&order->payloads);
	order->payloads = kept;
	return true;
}

/* Room for a row that is so far ahead. */
static bool
waiting_room(struct tree_order *order, int64_t number, size_t bytes)
{
	if (order->payloads.size_bytes + bytes > WAITING_BYTES_MOST && order->live_bytes < WAITING_BYTES_MOST / 2 && !payloads_compact(order))
		return false;
	if (order->payloads.size_bytes + bytes > WAITING_BYTES_MOST || number - order->next >= WAITING_MOST)
		waiting_write(order, true);
	return ring_grow(order, number - order->next >= WAITING_MOST ? 1 : (uint32_t)(number - order->next) + 1) && bytes_reserve(&order->payloads, bytes);
}

static void
waiting_add(struct tree_order *order, int64_t number, const uint8_t *payload, size_t bytes)
{
	struct tree_waiting *row;

	if (!waiting_room(order, number, bytes)) {
		tree_fail(order->tree.file, ENOMEM);
		return;
	}
	if (number - order->next >= WAITING_MOST) /* nothing waits any more */
		order->next = number;
	row = place(order, number);
	*row = (struct tree_waiting){ order->payloads.size_bytes, (uint32_t)bytes, true };
	bytes_add(&order->payloads, (const char *)payload, bytes);
	order->live_bytes += bytes;
	order->waiting++;
	if (number - order->next >= order->span)
		order->span = (uint32_t)(number - order->next) + 1;
	waiting_write(order, false);
}

void
tree_order_end(struct tree_order *order, int64_t number)
{
	size_t bytes;
	const uint8_t *payload = tree_payload(&order->tree, &bytes);

	if (!payload)
		return;
	if (number < order->next) {
		late_add(order, number, payload, bytes);
	} else if (number == order->next && !order->waiting) {
		tree_place(&order->tree, number, payload, bytes);
		order->next++;
	} else {
		waiting_add(order, number, payload, bytes);
	}
}

void
tree_order_close(struct tree_order *order)
{
	waiting_write(order, true);
	tree_close(&order->tree);
	free(order->ring);
	bytes_free(&order->payloads);
	order->ring = NULL;
	order->room = order->span = order->waiting = 0;
}

void
tree_order_free(struct tree_order *order)
{
	bytes_free(&order->late);
}

static void
column_bind(sqlite3_stmt *statement, int column, uint64_t type, const uint8_t *at, size_t bytes)
{
	int64_t value = bytes && at[0] & 0x80 ? -1 : 0;

	if (type >= 12) {
		if (type & 1)
			sqlite3_bind_text64(statement, column, (const char *)at, bytes, SQLITE_STATIC, SQLITE_UTF8);
		else
			sqlite3_bind_blob64(statement, column, at, bytes, SQLITE_STATIC);
	} else if (type == 8 || type == 9) {
		sqlite3_bind_int64(statement, column, (int64_t)type - 8);
	} else if (type == 0) {
		sqlite3_bind_null(statement, column);
	} else {
		for (size_t i = 0; i < bytes; i++)
			value = (int64_t)((uint64_t)value << 8 | at[i]);
		sqlite3_bind_int64(statement, column, value);
	}
}

bool
tree_order_late(const struct tree_order *order, size_t *at, sqlite3_stmt *statement)
{
	static const uint8_t sizes[12] = { 0, 1, 2, 3, 4, 6, 8 };
	const uint8_t *types, *end, *body;
	struct late late;
	uint64_t header, type;

	if (*at + sizeof late > order->late.size_bytes)
		return false;
	memcpy(&late, order->late.data + *at, sizeof late);
	types = end = (const uint8_t *)order->late.data + *at + sizeof late;
	*at += sizeof late + late.bytes;
	types += tree_varint_read(types, &header);
	body = end += header;
	for (int column = 1; types < end; column++) {
		size_t bytes;

		types += tree_varint_read(types, &type);
		bytes = type >= 12 ? (size_t)(type - 12) / 2 : sizes[type];
		column_bind(statement, column, type, body, bytes);
		body += bytes;
	}
	sqlite3_bind_int64(statement, 1, late.number);
	return true;
}
