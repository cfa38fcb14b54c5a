/* links: libshim */
#include <CUnit/Basic.h>
#include <pthread.h>

#include "shim_fixture.h"

static const struct identity_event event = { 1, 2, 3, NULL };

static void *
address(uintptr_t n)
{
	return (void *)(0x550000000000 + n * 192);
}

static void
a_number_is_never_used_twice(void)
{
	uint64_t block[2] = { 0, 0 };

	CU_ASSERT_FATAL(fixture_open(4 << 20));
	uint64_t first = identity_meet(address(1), 6, true, &event, block);
	CU_ASSERT_NOT_EQUAL(first, 0);
	CU_ASSERT_EQUAL(identity_meet(address(1), 6, false, &event, block), first);
	CU_ASSERT_EQUAL(tensor_identity(address(1)), first);
	identity_end(address(1));
	CU_ASSERT_EQUAL(tensor_identity(address(1)), 0);
	uint64_t second = identity_meet(address(1), 6, true, &event, block);
	CU_ASSERT(second > first);
	CU_ASSERT_EQUAL(tensor_identity(address(2)), 0);
	fixture_remove();
}

static void
another_thread_meets_the_same_number(void)
{
	uint64_t block[2] = { 0, 0 }, other[2] = { 0, 0 };

	CU_ASSERT_FATAL(fixture_open(4 << 20));
	identity_meet(address(1), 6, true, &event, block);
	uint64_t later = identity_meet(address(2), 6, true, &event, other); /* a block further on */
	CU_ASSERT(later > 200);
	CU_ASSERT_EQUAL(identity_meet(address(2), 6, false, &event, block), later);
	uint64_t fresh[2] = { 0, 0 }; /* of a thread that has made nothing yet */
	CU_ASSERT_EQUAL(identity_meet(address(2), 6, false, &event, fresh), later);
	fixture_remove();
}

static void
what_nothing_made_is_marked(void)
{
	uint64_t block[2] = { 0, 0 };
	int entered = 0, made = 0;

	CU_ASSERT_FATAL(fixture_open(4 << 20));
	uint64_t in = identity_meet(address(1), 6, false, &event, block), out = identity_meet(address(2), 6, true, &event, block);
	const struct box_tensor *entry = box_region(BOX_TENSORS);
	for (uint64_t i = 0; i < shim_box.header->regions[BOX_TENSORS].size_bytes / sizeof *entry; i++) {
		entered += entry[i].tensor == in && entry[i].flags & BOX_LIVE_ENTERED;
		made += entry[i].tensor == out && !(entry[i].flags & BOX_LIVE_ENTERED) && entry[i].maker.op == 3;
	}
	CU_ASSERT_EQUAL(entered, 1);
	CU_ASSERT_EQUAL(made, 1);
	fixture_remove();
}

/* The entry of the tensor with NUMBER. */
static const struct box_tensor *
entry_of(uint64_t number)
{
	const struct box_tensor *entry = box_region(BOX_TENSORS);

	for (uint64_t i = 0; i < shim_box.header->regions[BOX_TENSORS].size_bytes / sizeof *entry; i++)
		if (entry[i].tensor == number)
			return &entry[i];
	return NULL;
}

/* zeros -> view -> tril -> detach: all but the first come from zeros, the last two have other elements. */
static void
what_a_view_was_made_of_outlives_it(void)
{
	uint64_t block[2] = { 0, 0 };
	struct identity_base base;
	struct identity_event later = { 4, 5, 6, &base }, filled = { 7, 8, 9, NULL };

	CU_ASSERT_FATAL(fixture_open(4 << 20));
	identity_base_of(address(9), CARRY_ELEMENTS, &base); /* never met */
	CU_ASSERT_EQUAL(base.made.op, BOX_NONE);
	const struct box_tensor *zeros = entry_of(identity_meet(address(1), 6, true, &event, block));
	CU_ASSERT_EQUAL(zeros->base.op, BOX_NONE);
	identity_base_of(address(1), CARRY_ELEMENTS, &base);
	const struct box_tensor *view = entry_of(identity_meet(address(2), 6, true, &later, block));
	CU_ASSERT(view->maker.op == 6 && view->base.op == 3 && view->base.site == 2 && view->base.signature == 1);
	CU_ASSERT_EQUAL(view->flags, BOX_LIVE_BASE_VALUES);
	identity_end(address(1));
	identity_base_of(address(2), CARRY_SIZES, &base);
	const struct box_tensor *tril = entry_of(identity_meet(address(3), 6, true, &later, block));
	CU_ASSERT(tril->base.op == 3 && tril->flags == 0);
	identity_base_of(address(3), CARRY_ELEMENTS, &base);
	const struct box_tensor *detached = entry_of(identity_meet(address(4), 6, true, &later, block));
	CU_ASSERT(detached->base.op == 3 && detached->flags == 0);
	identity_meet(address(5), 6, false, &event, block); /* a ready-made one */
	identity_base_of(address(5), CARRY_ELEMENTS, &base);
	CU_ASSERT_EQUAL(base.flags, BOX_LIVE_BASE_VALUES | BOX_LIVE_BASE_ENTERED);
	identity_remake(address(4), &filled);
	CU_ASSERT(detached->maker.op == 9 && detached->maker.site == 8);
	fixture_remove();
}

static void
a_full_table_counts_and_recovers(void)
{
	uint64_t block[2] = { 0, 0 };

	CU_ASSERT_FATAL(fixture_open(1 << 20));
	for (uintptr_t i = 0; i < 100000; i++)
		identity_meet(address(i), 6, true, &event, block);
	CU_ASSERT(shim_box.header->lost[BOX_LOSS_TENSORS_FULL] > 0);
	for (uintptr_t i = 0; i < 100000; i++)
		identity_end(address(i));
	CU_ASSERT_NOT_EQUAL(identity_meet(address(200000), 6, true, &event, block), 0);
	fixture_remove();
}

static void *
churn(void *argument)
{
	uintptr_t base = (uintptr_t)argument * 1000000;
	uint64_t block[2] = { 0, 0 }, wrong = 0;

	for (uintptr_t i = 0; i < 20000; i++) {
		uint64_t number = identity_meet(address(base + i), 6, true, &event, block);
		if (number && tensor_identity(address(base + i)) != number)
			wrong++;
		identity_end(address(base + i));
	}
	return (void *)wrong;
}

static void
threads_do_not_mix_their_tensors(void)
{
	pthread_t threads[4];
	void *wrong;

	CU_ASSERT_FATAL(fixture_open(4 << 20));
	for (uintptr_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, churn, (void *)(i + 1));
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &wrong);
		CU_ASSERT_PTR_NULL(wrong);
	}
	fixture_remove();
}

int
main(void)
{
	CU_initialize_registry();
	CU_pSuite suite = CU_add_suite("identity", NULL, NULL);
	CU_add_test(suite, "a number is never used twice", a_number_is_never_used_twice);
	CU_add_test(suite, "another thread meets the same number", another_thread_meets_the_same_number);
	CU_add_test(suite, "what nothing made is marked", what_nothing_made_is_marked);
	CU_add_test(suite, "what a view was made of outlives it", what_a_view_was_made_of_outlives_it);
	CU_add_test(suite, "a full table counts and recovers", a_full_table_counts_and_recovers);
	CU_add_test(suite, "threads do not mix their tensors", threads_do_not_mix_their_tensors);
	CU_basic_run_tests();
	unsigned failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures != 0;
}
