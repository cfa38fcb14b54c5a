/* Groups and reductions. See collective.h. */
#include <stdint.h>
#include <string.h>

#include "box.h"
#include "collective.h"
#include "group.h"
#include "hooks.h"
#include "memory.h"
#include "torch.h"

#define OBJECT_BYTES 160 /* of an ivalue::Object: looked through for its slots */
#define RANKS_MOST (1 << 24)
#define PREMULTIPLIED 8

enum class_id { CLASS_NONE, CLASS_REDUCTION, CLASS_GROUP };

/* 0: not looked for yet; -1: not found. Written by whoever looks first; equal for all who look. */
static int slots_at;
static int group_proven;
static const void *vtables[4]; /* reduction, group; of two libraries: either may be the one that is used */

static const char *const reductions[] = { "SUM", "AVG", "PRODUCT", "MIN", "MAX", "BAND", "BOR", "BXOR", "PREMUL_SUM" };

static void
look_up(void)
{
	static const char *const libraries[] = { "libtorch_cpu.so", "libtorch_python.so" };
	const char *found[4];

	for (int i = 0; i < 2; i++) {
		found[2 * i] = hook_symbol(libraries[i], "_ZTVN4c10d8ReduceOpE");
		found[2 * i + 1] = hook_symbol(libraries[i], "_ZTVN4c10d12ProcessGroupE");
	}
	/* Behind the offset to the top and the type's information. */
	for (int i = 0; i < 4; i++)
		__atomic_store_n(&vtables[i], found[i] ? found[i] + 16 : NULL, __ATOMIC_RELAXED);
}

static enum class_id
class_of(const void *object)
{
	const void *vtable = *(const void *const *)object;

	for (int i = 0; i < 4; i++)
		if (vtable && vtable == __atomic_load_n(&vtables[i], __ATOMIC_RELAXED))
			return i % 2 ? CLASS_GROUP : CLASS_REDUCTION;
	return CLASS_NONE;
}

/* The one slot of the vector at AT in OBJECT, as a pointer to what its capsule holds; asks before it reads. */
static const void *
slot_probe(const char *object, int at)
{
	uintptr_t vector[3];
	const struct torch_value *slot;

	memcpy(vector, object + at, sizeof vector);
	if (vector[0] % 8 || vector[1] - vector[0] != sizeof *slot || vector[2] < vector[1] || vector[2] - vector[0] > 4096 ||
	    !memory_is_readable((const void *)vector[0], sizeof *slot))
		return NULL;
	slot = (const struct torch_value *)vector[0];
	if (slot->tag == 0 || slot->tag > 64 || (uintptr_t)slot->payload % 8 || (uintptr_t)slot->payload < 4096 ||
	    !memory_is_readable(slot->payload, 64))
		return NULL;
	return slot->payload;
}

static int
slots_find(const char *object)
{
	look_up();
	if (memory_is_readable(object, OBJECT_BYTES))
		for (int at = torch.list_values; at + 24 <= OBJECT_BYTES; at += 8) {
			const void *held = slot_probe(object, at);

			if (held && class_of(held) != CLASS_NONE)
				return at;
		}
	return -1;
}

static bool
reduction_text(const char *held, char text[COLLECTIVE_TEXT])
{
	/* struct ReduceOp : CustomClassHolder { RedOpType op_; intrusive_ptr supplement_; } */
	uint8_t kind = (uint8_t)held[torch.list_values];
	const void *supplement = *(const void *const *)(held + torch.list_values + 8);

	if (kind > PREMULTIPLIED || (supplement != NULL) != (kind == PREMULTIPLIED))
		return false;
	strcpy(text, reductions[kind]);
	return true;
}

void
collective_prove(void)
{
	if (!__atomic_exchange_n(&group_proven, 1, __ATOMIC_RELAXED))
		box_check(BOX_CHECK_COLLECTIVE, true);
}

bool
collective_place(const void *group, int32_t *place, int32_t *size)
{
	/* class ProcessGroup : CustomClassHolder { intrusive_ptr store_; const int rank_; const int size_; ... } */
	memcpy(place, (const char *)group + torch.list_values + 8, sizeof *place);
	memcpy(size, (const char *)group + torch.list_values + 12, sizeof *size);
	return *place >= 0 && *place < *size && *size <= RANKS_MOST;
}

/* NUMBER in decimal digits at TEXT; returns where they end. */
static char *
digits(char *text, uint32_t number)
{
	char turned[12];
	int n = 0;

	do
		turned[n++] = (char)('0' + number % 10);
	while (number /= 10);
	while (n)
		*text++ = turned[--n];
	return text;
}

static bool
group_text(const void *held, char text[COLLECTIVE_TEXT])
{
	int32_t rank, size;
	uint32_t number;

	if (!collective_place(held, &rank, &size))
		return false;
	if (!__atomic_load_n(&group_proven, __ATOMIC_RELAXED)) {
		if (rank != shim_box.header->rank || size != shim_box.header->world_size)
			return false;
		collective_prove();
	}
	text = digits(text, (uint32_t)size);
	memcpy(text, " ranks", 7);
	number = group_number(held);
	if (number && number < 100000) {
		memcpy(text + 6, " #", 2);
		*digits(text + 8, number) = 0;
	}
	return true;
}

bool
collective_text(const void *object, char text[COLLECTIVE_TEXT])
{
	int at = __atomic_load_n(&slots_at, __ATOMIC_ACQUIRE);
	const struct torch_value *slot;

	if (at == 0) {
		at = slots_find(object);
		/* Another custom class tells nothing: it is looked for again at the next. A few are enough. */
		static int tries;
		if (at > 0 || __atomic_add_fetch(&tries, 1, __ATOMIC_RELAXED) > 64)
			__atomic_store_n(&slots_at, at, __ATOMIC_RELEASE);
		if (at < 0)
			return false;
	}
	if (at < 0)
		return false;
	/* Every ivalue::Object has its slots there, if maybe none: what the one slot holds is told by its vtable. */
	const struct torch_value *const *vector = (const struct torch_value *const *)((const char *)object + at);
	slot = vector[0];
	if ((uintptr_t)vector[1] - (uintptr_t)slot != sizeof *slot || slot->tag != torch.tag_device + 5 || !slot->payload)
		return false;
	switch (class_of(slot->payload)) {
	case CLASS_REDUCTION:
		return reduction_text(slot->payload, text);
	case CLASS_GROUP:
		return group_text(slot->payload, text);
	default:
		return false;
	}
}
