import AtomicFiles

/// The log and the event file of a run, to whose folder no other process writes meanwhile.
struct RunLog {
  private let log: TrainingLog
  private let events: EventFile
  private let lock: FolderLock
  /// Invalid lines of the log, which were dropped.
  let droppedLines: Int

  init(
    _ folder: RunFolder, _ config: TrainingConfig, _ state: RunState, _ store: StoreMark
  ) throws {
    try AtomicFile.createFolder(folder.path)
    guard let lock = FolderLock(folder.path) else {
      throw TrainingRunError.busy(folder: folder.path)
    }
    self.lock = lock
    for place in [folder.path, folder.path + "/snapshots"] {
      AtomicFile.removeUnfinished(in: place)
    }
    if state.isFromPrevious { try folder.restoreCheckpoint() }
    folder.removeSnapshots(after: state.step)
    try AtomicFile.write(try config.document(), to: folder.config)
    try AtomicFile.write(
      "path\ttargets\tchecksum\n\(store.path)\t\(store.targets)\t\(store.checksum)\n",
      to: folder.store)
    log = try TrainingLog(
      path: folder.log, keepingStepsBefore: state.step, dropsLastValidation: state.owesValidation)
    droppedLines = log.droppedLines
    // The old files may already hold an owed validation, with the step before it, which is then written again.
    let isRepeated = state.isResumed && state.owesValidation
    events = try EventFile(
      folder: folder.path, resumedStep: state.isResumed ? state.step - (isRepeated ? 1 : 0) : nil)
    if isRepeated, let last = log.lastStep, last.step == state.step - 1 {
      try events.write(last.scalars, step: last.step)
    }
  }

  func write(_ record: TrainingRecord) throws {
    try log.write(record)
    try events.write(record.scalars, step: record.step)
  }

  /// Flushes all lines to disk.
  func flush() throws { try log.flush() }
}
