/* links: libshim */
#include <CUnit/Basic.h>
#include <string.h>

#include "libshim/group.h"
#include "libshim/python_api.h"
#include "libshim/python_enter.h"
#include "libshim/python_late.h"
#include "shim_fixture.h"

/* --- a Python that has nothing but a queue ------------------------------------------------------ */

static bool queue_full;
static int (*queued[8])(void *);
static int queue_length, looks; /* for the table of groups */
static const void *type_type[8] = { NULL, NULL, NULL, "type" }, *dict_type[8] = { NULL, NULL, NULL, "dict" };
static const void *base_exception[8] = { NULL, type_type, NULL, "BaseException" }, *modules[2] = { NULL, dict_type };
static struct python_object *base_pointer = (struct python_object *)base_exception;

static int initialized(void) { return 1; }
static void fetch(struct python_object **type, struct python_object **value, struct python_object **traceback) { *type = *value = *traceback = NULL; }
static void restore(struct python_object *type, struct python_object *value, struct python_object *traceback) { (void)type, (void)value, (void)traceback; }
static int collect(void) { return 0; }
static unsigned long flags(struct python_object *type) { return type == (void *)dict_type ? 1ul << 29 : 0; }
static struct python_object *all_modules(void) { return (struct python_object *)modules; }

static int
add_call(int (*call)(void *), void *user)
{
	(void)user;
	if (queue_full || queue_length == 8)
		return -1;
	queued[queue_length++] = call;
	return 0;
}

static struct python_object *
item(struct python_object *dict, const char *name)
{
	(void)dict;
	looks += !strcmp(name, "torch.distributed.distributed_c10d");
	return NULL;
}

static void
python_made(void)
{
	py = (struct python_api){
		.minor = 11, .Py_IsInitialized = initialized, .Py_AddPendingCall = add_call, .PyErr_Fetch = fetch, .PyErr_Restore = restore,
		.PyGC_Disable = collect, .PyGC_Enable = collect, .PyType_GetFlags = flags, .PyImport_GetModuleDict = all_modules,
		.PyDict_GetItemString = item, .PyDict_Type = (struct python_object *)dict_type,
		.PyType_Type = (struct python_object *)type_type, .PyExc_BaseException = &base_pointer,
	};
	python_late_begin();
}

/* The interpreter makes the calls that were left. */
static int
calls_made(void)
{
	int count = queue_length, before = looks;

	queue_length = 0;
	for (int i = 0; i < count; i++)
		CU_ASSERT_EQUAL(queued[i](NULL), 0);
	return looks != before;
}

/* --- nothing wanted is lost ---------------------------------------------------------------------- */

static int group_a, group_b;

static void
a_group_waits_for_the_next_operation(void)
{
	group_made(&group_a);
	CU_ASSERT_EQUAL(queue_length, 0); /* Python's table is filled after the name */
	CU_ASSERT(python_wanting);
	python_late_call();
	CU_ASSERT_FALSE(python_wanting);
	CU_ASSERT_EQUAL(queue_length, 1);
	python_late_call();
	CU_ASSERT_EQUAL(queue_length, 1);
	CU_ASSERT(calls_made());
	CU_ASSERT_FALSE(python_wanting);
}

static void
a_full_queue_is_asked_again(void)
{
	queue_full = true;
	group_made(&group_b);
	python_late_call();
	python_late_call();
	CU_ASSERT(python_wanting);
	queue_full = false;
	python_late_call();
	CU_ASSERT_FALSE(python_wanting);
	CU_ASSERT(calls_made());
}

static void
a_call_in_the_midst_of_a_look_is_left_again(void)
{
	struct python_quiet quiet;

	python_want(PYTHON_GROUPS);
	CU_ASSERT_FATAL(python_enter(&quiet));
	CU_ASSERT_FALSE(calls_made());
	python_leave(&quiet);
	CU_ASSERT(python_wanting);
	python_late_call();
	CU_ASSERT(calls_made());
}

static void
a_call_before_there_is_a_box_is_left_again(void)
{
	char *base = shim_box.base;

	shim_box.base = NULL;
	python_want(PYTHON_GROUPS);
	CU_ASSERT_FALSE(calls_made());
	shim_box.base = base;
	CU_ASSERT(python_wanting);
	python_late_call();
	CU_ASSERT(calls_made());
}

static void
what_is_wanted_twice_is_done_once(void)
{
	python_want(PYTHON_GROUPS);
	python_want(PYTHON_GROUPS);
	CU_ASSERT_EQUAL(queue_length, 2);
	looks = 0;
	CU_ASSERT(calls_made());
	CU_ASSERT_EQUAL(looks, 2); /* of one look: the table, and the names */
}

static void
a_child_keeps_its_groups_alone(void)
{
	queue_full = true;
	python_want(PYTHON_GROUPS | PYTHON_STATE);
	queue_full = false;
	python_late_forked();
	CU_ASSERT(python_wanting);
	python_late_call();
	CU_ASSERT(calls_made()); /* the state would ask what this Python hasn't */
	queue_full = true;
	python_want(PYTHON_STATE);
	python_late_forked();
	CU_ASSERT_FALSE(python_wanting);
	queue_full = false;
}

int
main(void)
{
	if (!fixture_open(1 << 20))
		return 1;
	python_made();
	CU_initialize_registry();
	CU_pSuite suite = CU_add_suite("python_late", NULL, NULL);
	CU_add_test(suite, "a group waits for the next operation", a_group_waits_for_the_next_operation);
	CU_add_test(suite, "a full queue is asked again", a_full_queue_is_asked_again);
	CU_add_test(suite, "a call in the midst of a look is left again", a_call_in_the_midst_of_a_look_is_left_again);
	CU_add_test(suite, "a call before there is a box is left again", a_call_before_there_is_a_box_is_left_again);
	CU_add_test(suite, "what is wanted twice is done once", what_is_wanted_twice_is_done_once);
	CU_add_test(suite, "a child keeps its groups alone", a_child_keeps_its_groups_alone);
	CU_basic_run_tests();
	fixture_remove();
	unsigned failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures != 0;
}
