/* How parameters came to what they hold. See written.h. */
#include <string.h>

#include "box.h"
#include "identity.h"
#include "written.h"

#define FILTER_BITS (1u << 19) /* 64 KB, of which a program touches little */

static uint8_t copied[FILTER_BITS / 8];

enum written_kind
written_of(const char *name)
{
	static const struct { const char *name; enum written_kind kind; } rows[] = {
		{ "aten::uniform_", WRITTEN_RANDOM }, { "aten::normal_", WRITTEN_RANDOM },
		{ "aten::copy_", WRITTEN_COPIED }, { "aten::set_", WRITTEN_COPIED }, { "aten::index_put_", WRITTEN_COPIED },
		{ "aten::index_copy_", WRITTEN_COPIED }, { "aten::_foreach_copy_", WRITTEN_COPIED }, { "aten::scatter_", WRITTEN_COPIED },
		{ "aten::masked_scatter_", WRITTEN_COPIED },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (!strcmp(rows[i].name, name))
			return rows[i].kind;
	return WRITTEN_NONE;
}

/* The bit of IMPL's storage; false if it has none that is known. */
static bool
find_bit(const void *impl, uint8_t **byte, uint8_t *bit)
{
	uint64_t bytes;
	const void *storage = tensor_storage(impl, &bytes);
	uint32_t at = (uint32_t)((uintptr_t)storage * 0x9e3779b97f4a7c15ull >> 32) % FILTER_BITS;

	*byte = &copied[at / 8];
	*bit = (uint8_t)(1u << at % 8);
	return storage != NULL;
}

static bool
is_storage_copied(const void *impl)
{
	uint8_t *byte, bit;

	return !find_bit(impl, &byte, &bit) || __atomic_load_n(byte, __ATOMIC_RELAXED) & bit;
}

static void
storage_is_copied(const void *impl)
{
	uint8_t *byte, bit;

	if (find_bit(impl, &byte, &bit))
		__atomic_fetch_or(byte, bit, __ATOMIC_RELAXED);
}

void
written_take(enum written_kind kind, const void *impl)
{
	if (shim_box.header->step)
		return;
	if (kind == WRITTEN_COPIED) {
		storage_is_copied(impl);
		identity_mark(impl, BOX_LIVE_COPIED, BOX_LIVE_RESET);
	} else {
		identity_mark(impl, BOX_LIVE_RANDOM | (identity_flags(impl) & BOX_LIVE_COPIED ? BOX_LIVE_RESET : 0), 0);
	}
}

void
written_moved(const void *impl, const void *from, bool converted)
{
	uint64_t bytes;

	if (tensor_storage(impl, &bytes) != tensor_storage(from, &bytes) && (!converted || is_storage_copied(impl)))
		storage_is_copied(from);
}

bool
written_is_fresh(const void *impl)
{
	return (identity_flags(impl) & (BOX_LIVE_RANDOM | BOX_LIVE_COPIED)) == BOX_LIVE_RANDOM && !is_storage_copied(impl);
}

bool
written_is_copied(const void *impl)
{
	return identity_flags(impl) & BOX_LIVE_COPIED || is_storage_copied(impl);
}

bool
written_is_reset(const void *impl)
{
	return (identity_flags(impl) & BOX_LIVE_RESET) != 0;
}
