/* References of boxes that Python need not count. See boxed.h. */
#include <stddef.h>

#include "boxed.h"
#include "hooks.h"
#include "recorder.h"
#include "shim.h"

#define PAIRS_ENOUGH 32 /* boxes that came and went by here, before anything is owed */
#define LATE_MOST 64    /* debts left over, in this process: more are no coincidence */

static uint32_t pairs;  /* atomic; DISTRUSTED: they don't come in pairs */
static uint32_t late;   /* atomic */
static bool references_known; /* atomic */
#define DISTRUSTED UINT32_MAX

static void
distrust(void)
{
	__atomic_store_n(&pairs, DISTRUSTED, __ATOMIC_RELAXED);
}

bool
boxed_take(struct boxed *boxed, const void *impl)
{
	uint32_t known = __atomic_load_n(&pairs, __ATOMIC_RELAXED);

	if (!boxed || known == DISTRUSTED)
		return false;
	bool owed = known >= PAIRS_ENOUGH;
	if (!boxed->left)
		boxed->count = 0;
	if (!(boxed->boxing || (owed && boxed->written == impl)) || boxed->count == BOXED_MOST)
		return false;
	__atomic_store_n(&boxed->owed[boxed->count++], (uintptr_t)impl | (owed ? 0 : BOXED_COUNTED), __ATOMIC_RELEASE);
	boxed->left++;
	return owed;
}

/* A box that was counted as always is gone. */
static void __attribute__((noinline))
came_and_went(uintptr_t *entry)
{
	uint32_t known = __atomic_load_n(&pairs, __ATOMIC_RELAXED);

	__atomic_store_n(entry, 0, __ATOMIC_RELEASE);
	if (known < PAIRS_ENOUGH)
		__atomic_compare_exchange_n(&pairs, &known, known + 1, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}

/* Another thread's debt for IMPL, which goes with the reference that the calling thread gives back. Each of its places is looked at: who
 * comes by here without a debt is about to take the GIL, which costs more. */
static bool __attribute__((noinline))
give_anothers(const struct boxed *own, const void *impl)
{
	struct boxed *other;

	for (uint32_t place = 0; (other = recorder_boxed(place)); place++)
		for (uint32_t i = 0; other != own && i < BOXED_MOST; i++) {
			uintptr_t owed = (uintptr_t)impl, paying = (uintptr_t)impl | BOXED_PAYING;

			if ((__atomic_load_n(&other->owed[i], __ATOMIC_ACQUIRE) & ~(uintptr_t)BOXED_PAYING) != owed)
				continue;
			if (__atomic_compare_exchange_n(&other->owed[i], &owed, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE) ||
			    __atomic_compare_exchange_n(&other->owed[i], &paying, paying | BOXED_GIVEN, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
				return true;
		}
	return false;
}

bool
boxed_give(struct boxed *boxed, const void *impl)
{
	for (uint32_t i = 0; boxed && boxed->left && i < boxed->count; i++) {
		uintptr_t owed = __atomic_load_n(&boxed->owed[i], __ATOMIC_RELAXED);

		if ((owed & ~(uintptr_t)BOXED_COUNTED) != (uintptr_t)impl || !owed)
			continue;
		if (owed & BOXED_COUNTED) {
			boxed->left--;
			came_and_went(&boxed->owed[i]);
			return false;
		}
		if (__atomic_compare_exchange_n(&boxed->owed[i], &owed, 0, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
			boxed->left--;
			return true;
		}
	}
	uint32_t known = __atomic_load_n(&pairs, __ATOMIC_RELAXED);
	return known >= PAIRS_ENOUGH && !(boxed && !recorder_boxed(1)) && give_anothers(boxed, impl);
}

/* Count it now, unless somebody gives it back before or meanwhile. False: nothing was owed. */
static bool
pay(uintptr_t *entry)
{
	void (*count)(const void *) = (void (*)(const void *))hook_real(HOOK_TENSOR_COUNTED);
	void (*uncount)(const void *) = (void (*)(const void *))hook_real(HOOK_TENSOR_UNCOUNTED);
	uintptr_t owed = __atomic_load_n(entry, __ATOMIC_RELAXED);

	if (!owed)
		return false;
	if (owed & BOXED_COUNTED) {
		__atomic_store_n(entry, 0, __ATOMIC_RELEASE);
		distrust();
		return false;
	}
	if (!__atomic_compare_exchange_n(entry, &owed, owed | BOXED_PAYING, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED))
		return false;
	count((const void *)owed);
	if (__atomic_exchange_n(entry, 0, __ATOMIC_ACQ_REL) & BOXED_GIVEN)
		uncount((const void *)owed);
	return true;
}

static uint32_t
pay_all(struct boxed *boxed)
{
	uint32_t paid = 0;

	for (uint32_t i = 0; i < boxed->count; i++)
		paid += pay(&boxed->owed[i]);
	boxed->count = boxed->left = 0;
	return paid;
}

void
boxed_settle(struct boxed *boxed)
{
	if (__atomic_add_fetch(&late, pay_all(boxed), __ATOMIC_RELAXED) > LATE_MOST)
		distrust();
}

/* intrusive_ptr_target: {virtual table, u32 references, u31 weak references, Python has it} (c10/util/intrusive_ptr.h). */
static inline uint32_t
references_of(const void *impl)
{
	return __atomic_load_n((const uint32_t *)((const char *)impl + sizeof(void *)), __ATOMIC_RELAXED);
}

void
boxed_learn(const void *impl)
{
	const uint32_t *counts = (const uint32_t *)((const char *)impl + sizeof(void *));

	__atomic_store_n(&references_known, counts[0] == 1 && counts[1] == 1, __ATOMIC_RELAXED);
}

void
boxed_writes(struct boxed *boxed, const void *impl)
{
	boxed->written = __atomic_load_n(&references_known, __ATOMIC_RELAXED) ? impl : NULL;
}

void
boxed_ends(struct boxed *boxed, const void *made)
{
	const void *written = boxed->written;

	boxed->written = NULL;
	if (boxed->left && !(boxed->left == 1 && made && made == written && references_of(made) == 2)) /* Python's and the box's */
		pay_all(boxed);
}

void
boxed_forked(struct boxed *boxed)
{
	*boxed = (struct boxed){ 0 };
}

/* void c10::TensorImpl::incref_pyobject() const and decref_pyobject(): the first reference beside Python's own came, the last went. */
SHIM_EXPORT void
_ZNK3c1010TensorImpl15incref_pyobjectEv(const void *impl)
{
	void (*real)(const void *) = (void (*)(const void *))hook_real(HOOK_TENSOR_COUNTED);

	if (!boxed_take(recorder_self ? &recorder_self->boxed : NULL, impl))
		real(impl);
}

SHIM_EXPORT void
_ZNK3c1010TensorImpl15decref_pyobjectEv(const void *impl)
{
	void (*real)(const void *) = (void (*)(const void *))hook_real(HOOK_TENSOR_UNCOUNTED);

	if (!boxed_give(recorder_self ? &recorder_self->boxed : NULL, impl))
		real(impl);
}
