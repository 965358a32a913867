"""One call from its sound to its case: threads, queues, order, consent."""
