"""terminal.py COMMAND...: run COMMAND on a terminal of its own (a pty, 100 columns), print what it shows, end with its status.
With INTERRUPT_S=N in the environment: Ctrl-C is typed after N seconds."""
import fcntl, os, pty, signal, struct, sys, termios, threading, time

pid, terminal = pty.fork()
if pid == 0:
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # as at a terminal, also where a shell's background job was told to ignore it
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 50, 100, 0, 0))


def interrupt():
    time.sleep(float(os.environ["INTERRUPT_S"]))
    os.write(terminal, b"\x03")


if "INTERRUPT_S" in os.environ:
    threading.Thread(target=interrupt, daemon=True).start()
while True:
    try:
        shown = os.read(terminal, 65536)
    except OSError:  # the last one has closed it
        break
    if not shown:
        break
    sys.stdout.buffer.write(shown)
sys.stdout.flush()
status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
sys.exit(status if status >= 0 else 128 - status)
